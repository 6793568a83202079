"""Both collections side by side: alike? how large? Reads only."""
