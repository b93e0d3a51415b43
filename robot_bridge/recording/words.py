"""The stages of collecting, what can be asked for in each, and which button of the controller asks for it."""

SUCCESS, FAILURE, DISCARD = "success", "failure", "discard"
VERDICTS = (SUCCESS, FAILURE, DISCARD)
START, STOP, PREPARE = "start", "stop", "prepare"
WORDS = (START, PREPARE, STOP, *VERDICTS)

WAITING, RECORDING, REVIEWING = "waiting", "recording", "reviewing"
RECOVERING, PREPARING = "recovering", "preparing"
"""An unfinished episode waits for a decision; the robot gets ready."""

BUTTONS = {
    WAITING: {SUCCESS: START, DISCARD: PREPARE},
    RECORDING: {SUCCESS: STOP, FAILURE: STOP, DISCARD: DISCARD},
    REVIEWING: {SUCCESS: SUCCESS, FAILURE: FAILURE, DISCARD: DISCARD},
    RECOVERING: {SUCCESS: SUCCESS, FAILURE: FAILURE, DISCARD: DISCARD},
}
"""What the teleoperator's events (A success, B failure, X discard) ask for in each stage."""
