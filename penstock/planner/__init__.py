"""How much of each service a load needs, what decided it, and where limits are met."""
