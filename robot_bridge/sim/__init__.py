"""The simulated WidowX 250 in a toy kitchen."""

import os

# MuJoCo chooses how it renders when it is imported, so this has to stand before any import of it: software rendering
# needs no display and no GPU, and its pictures are the same everywhere.
os.environ.setdefault("MUJOCO_GL", "osmesa")
