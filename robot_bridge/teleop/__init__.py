"""Teleoperation: what a person's hands do becomes commands that the servo accepts."""
