"""Rows from files and S3 prefixes, in batches: CSV, JSON lines, Parquet, capture files."""
