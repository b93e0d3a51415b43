"""What the hand does: each activity sets its things on the stage, performs, and judges whether it was achieved."""
