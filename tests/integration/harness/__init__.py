"""What the whole-stack tests share: the deployment, the command `ccat`, waiting, and trees of files."""
