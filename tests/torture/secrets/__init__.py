"""Nobody is let in: tokens and passwords appear nowhere, and nothing of ours is open to others."""
