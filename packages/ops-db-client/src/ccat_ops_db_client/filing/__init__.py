"""From paths on disk to filed files, in this order: scan, place, read, file."""
