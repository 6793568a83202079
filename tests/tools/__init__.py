"""What tests of more than one folder share: each module is one thing, and says which."""
