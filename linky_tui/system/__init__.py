"""The machine: folders, files that are ours, locks, crashes."""
