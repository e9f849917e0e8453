"""The diagram: which resources hand data on to which, and a picture of it."""
