"""Videos of a simulated human hand, seen from its owner's eyes: the action-free data of phase 1 without Ego4D."""
