"""What a cloud assembly would create, for people who have to say yes or no to it."""
