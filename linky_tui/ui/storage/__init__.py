"""The storage page: sizes, verify, repair, defragment."""
