"""Corrections to moto, one service per file; everything that reaches into moto is in here."""
