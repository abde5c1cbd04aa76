"""Where deployments of tests are laid."""

import os

#: In memory where that can be had: nothing here is about the disk, and one that is busy would miss deadlines.
FOLDERS = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
