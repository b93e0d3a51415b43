"""The 50 Hz servo: commands in, joint targets within all limits out, and a report on each command.

Nothing here reads a wall clock: time is what the given clocks say, so the simulator drives the very same servo and a
run is bit-reproducible.
"""

import threading
from collections import deque
from typing import Callable, Deque, List, Optional

import numpy as np

from robot_bridge import joint_motion, kinematics, safety
from robot_bridge.command import Command, CommandReport, Mode, ServoStatus
from robot_bridge.interface import Arm
from robot_bridge.joint_motion import Move, Moving
from robot_bridge.measurement import ArmMonitor
from robot_bridge.report import Running, refused
from robot_bridge.safety import Limits
from robot_bridge.target import Target

__all__ = ["PERIOD_S", "ArmUnready", "Command", "CommandReport", "Limits", "Mode", "Servo", "ServoStatus"]

PERIOD_S = 0.02
"""The servo is meant to tick at 50 Hz."""

LONGEST_TICK_S = 2 * PERIOD_S
"""A tick that comes later than this moves as if it had not: late ticks slow the motion, they do not make it jump."""

INBOX = 64


class ArmUnready(RuntimeError):
    """The arm cannot be armed now; the message says why."""


class Servo:
    """Drives an arm by commands and moves, and never past a limit.

    ========  ===========================================  =====================================================
    mode      the arm                                      leads to
    ========  ===========================================  =====================================================
    IDLE      gets no targets (the start: disarmed)        SERVO at a command, MOVING at a move, if armed; both
                                                           start from the measured joints
    SERVO     follows the target                           HOLD after ``hold_after_s`` of silence or when the
                                                           inverse kinematics fails; the target stays
    HOLD      is held at the last target                   SERVO at a command (from that target), MOVING at a
                                                           move, IDLE after ``idle_after_s`` of silence
    MOVING    follows a joint ramp, refuses commands       HOLD at its end; blocked: HOLD at the measured joints
    FAULT     is held (over-effort: at the measured        IDLE by ``resume`` only
              joints; unreadable: gets no targets)
    ========  ===========================================  =====================================================

    ``stop`` leads from every mode to HOLD and latches; only ``resume`` leads out, to IDLE, armed. ``arm`` re-captures
    the target from the measured joints and clears no latch, nor does ``exchange``. ``disarm`` leads to IDLE and leaves
    the torque on: a WidowX without torque falls.

    The gripper goes where the last accepted command (or move) sent it and stays there in every mode.

    ``submit`` and ``stop`` never block and may be called from any thread, as may all other methods; ``tick`` belongs
    to one thread. ``clock`` gives the time of timeouts (monotonic), ``stamp_clock`` that of the stamps of commands and
    measurements (ROS time); in simulation both are the world's time.
    """

    def __init__(
        self,
        arm: Arm,
        limits: Limits,
        clock: Callable[[], float],
        stamp_clock: Optional[Callable[[], float]] = None,
    ) -> None:
        self._arm, self._limits = arm, limits
        self._clock, self._stamp_clock = clock, stamp_clock or clock
        self._lock = threading.RLock()
        self._inbox: Deque[Command] = deque()
        self._reports: Deque[CommandReport] = deque()
        self._stop_request: Optional[str] = None
        self._mode, self._armed, self._stopped, self._reason = Mode.IDLE, False, False, "disarmed"
        self._interventions = 0
        self._monitor = ArmMonitor(arm, limits, self._stamp_clock)
        self._target: Optional[Target] = None
        self._gripper: Optional[float] = None
        self._running: Optional[Running] = None
        self._moving: Optional[Moving] = None
        self._last_sequence: Optional[int] = None
        self._measured_at_report: Optional[np.ndarray] = None
        self._last_tick_s: Optional[float] = None
        self._last_command_s = 0.0

    def submit(self, command: Command) -> None:
        """Hand in a command for the next tick, which accepts or refuses it; its report says which."""
        if len(self._inbox) >= INBOX:
            problem = f"more than {INBOX} commands are waiting: does the servo tick?"
            self._reports.append(refused(command, problem, self._gripper, self._stamp_clock()))
        else:
            self._inbox.append(command)

    def stop(self, reason: str) -> None:
        """Hold the arm from the next tick on, until ``resume``."""
        self._stop_request = reason

    def take_reports(self) -> List[CommandReport]:
        """The reports since the last call, in the order in which the commands ended."""
        return [self._reports.popleft() for _ in range(len(self._reports))]

    def arm(self) -> None:
        """Switch the torque on and start from the measured joints; raises ArmUnready. Latched stops stay latched."""
        if not self._armed:
            self._arm_from(self._interventions, "arm", resuming=False)

    def resume(self) -> None:
        """Clear a latched stop or fault and arm; raises ArmUnready, and keeps the latch, while the arm is not ready."""
        with self._lock:
            if self._stop_request is not None:  # one that comes from here on is not cleared
                self._latch_stop(self._stop_request)
            problem = self._monitor.read()
            if problem:
                raise ArmUnready(f"cannot resume: {problem}")
            self._disarm("resumed")
            interventions = self._interventions
        self._arm_from(interventions, "resume", resuming=True)

    def _arm_from(self, interventions: int, verb: str, resuming: bool) -> None:
        try:
            self._arm.set_torque(True)  # slow on the real arm: not under the lock
        except Exception as error:
            raise ArmUnready(f"cannot {verb}: the torque cannot be switched on: {error}") from error
        with self._lock:
            problem = self._monitor.read()
            if interventions != self._interventions:
                problem = problem or f"meanwhile: {self._reason}"
            if problem:
                raise ArmUnready(f"cannot {verb}: {problem}")
            if resuming:
                self._stopped, self._mode = False, Mode.IDLE
            self._capture()
            self._armed = True
            if self._mode == Mode.IDLE:
                self._enter(Mode.IDLE, "armed, no command yet")

    def disarm(self) -> None:
        """Refuse all commands and send nothing from now on; the torque stays on, the arm stays where it is."""
        with self._lock:
            self._disarm("disarmed")

    def exchange(self, arm: Arm, reason: str) -> None:
        """Drive another arm, disarmed: what was under way ends with ``reason``; a latched stop or fault is a stop."""
        with self._lock:
            self._disarm(reason)
            self._arm, self._monitor = arm, ArmMonitor(arm, self._limits, self._stamp_clock)
            self._target = self._gripper = None
            if self._stopped:
                self._mode = Mode.HOLD

    def move_to(self, pose: np.ndarray, gripper: Optional[float] = None, duration_s: float = 0.0) -> Move:
        """Start a joint-space move to ``pose`` (4, 4), inside the workspace; see ``move_joints``."""
        reading = self._monitor.reading
        if reading is None:
            return Move.refused("the arm has not been read")
        if np.shape(pose) != (4, 4) or not np.all(np.isfinite(pose)):
            return Move.refused("the pose must be a (4, 4) transform of finite numbers")
        problem = safety.outside_workspace(np.asarray(pose)[:3, 3], self._limits)
        if problem:
            return Move.refused(problem)
        joints = joint_motion.goal_joints(pose, reading.positions_rad, self._limits)  # slow: not under the lock
        if joints is None:
            return Move.refused(
                "no joint configuration within the limits reaches this pose: choose one nearer the middle"
            )
        return self._move(joints, gripper, duration_s, in_box=True)

    def move_joints(self, joints: np.ndarray, gripper: Optional[float] = None, duration_s: float = 0.0) -> Move:
        """Start a smooth move to ``joints`` (6,), taking at least ``duration_s`` (0: as fast as the limits allow).

        It may leave the workspace box, but not through its floor. Returns at once; the ticks drive it, and the
        returned Move says how it ended. ``gripper`` None leaves it.
        """
        return self._move(joints, gripper, duration_s, in_box=False)

    def _move(self, joints: np.ndarray, gripper: Optional[float], duration_s: float, in_box: bool) -> Move:
        with self._lock:
            numbers = [*np.ravel(joints).tolist(), duration_s, 0.0 if gripper is None else gripper]
            problem = self._unready() or ("a move is under way" if self._mode == Mode.MOVING else "")
            if not problem and (np.shape(joints) != (6,) or not np.all(np.isfinite(numbers))):
                problem = "expected six finite joint positions, a finite duration and a finite gripper opening"
            if problem:
                return Move.refused(problem)
            if self._mode == Mode.IDLE:
                self._capture()
            assert self._target is not None
            ramp = joint_motion.plan(self._target.joints, np.asarray(joints, float), duration_s, self._limits)
            problem = joint_motion.objection(ramp, self._limits, in_box)
            if problem:
                return Move.refused(problem)
            self._interrupt("a move began")
            moving = self._moving = Moving(Move(), ramp)
            self._enter(Mode.MOVING, "")
            if gripper is not None:
                self._set_gripper(safety.clamp_gripper(gripper)[0])  # a fault ends the move
            return moving.move

    def tick(self) -> ServoStatus:
        """One period: measure, check, take commands, advance, send. Call at 50 Hz, from one thread."""
        with self._lock:
            now, stamp = self._clock(), self._stamp_clock()
            elapsed = PERIOD_S if self._last_tick_s is None else now - self._last_tick_s
            self._last_tick_s = now
            problem = self._monitor.read() or self._monitor.watch_effort(now)
            if elapsed < 0.0:
                problem = problem or f"the servo's clock went back by {-elapsed:.3f} s"
            if problem and self._armed and self._mode != Mode.FAULT:
                self._fault(problem)
            if self._stop_request is not None:
                self._latch_stop(self._stop_request)
            dt = min(max(elapsed, 0.0), LONGEST_TICK_S)
            self._take_commands(now, stamp)
            if self._mode == Mode.MOVING:
                self._advance_move(now, dt)
            elif self._mode == Mode.SERVO:
                self._advance_target(dt)
            self._watch_silence(now)
            self._send()
            return self._status("" if self._armed else problem)

    def _capture(self) -> None:
        """Start from the measured joints, with a new sequence of commands."""
        assert self._monitor.reading is not None
        self._target = Target(self._monitor.reading.positions_rad, self._limits)
        self._last_sequence = self._measured_at_report = None

    def _disarm(self, reason: str) -> None:
        self._interrupt(reason)
        self._armed = False
        self._interventions += 1
        self._enter(Mode.IDLE, "disarmed")

    def _enter(self, mode: str, reason: str) -> None:
        """Change the mode; out of a fault, or out of a stop's HOLD but into a fault, only ``resume`` leads."""
        if self._mode == Mode.FAULT or (self._stopped and mode not in (Mode.HOLD, Mode.FAULT)):
            return
        self._mode, self._reason = mode, reason
        if mode != Mode.SERVO:
            self._measured_at_report = None
        if mode == Mode.IDLE:
            self._last_sequence = None  # a sender that was restarted counts anew

    def _fault(self, problem: str) -> None:
        self._interrupt(problem)
        self._target = None
        if self._monitor.reading is not None:
            self._capture()
        self._stopped = True
        self._interventions += 1
        self._monitor.forget_effort()
        self._enter(Mode.FAULT, problem)

    def _latch_stop(self, reason: str) -> None:
        self._stop_request, self._stopped = None, True
        self._interventions += 1
        self._interrupt(f"stopped: {reason}")
        if self._mode == Mode.IDLE and self._monitor.reading is not None:
            self._capture()
        self._enter(Mode.HOLD, f"stopped: {reason}")

    def _interrupt(self, reason: str) -> None:
        """End the command or move under way and forget the motion they had still to make."""
        self._finish(reason)
        if self._moving is not None:
            self._moving.move.end(False, reason)
            self._moving = None
        if self._target is not None:
            self._target.drop()

    def _unready(self) -> str:
        """Why nothing may move now, in words."""
        if self._mode == Mode.FAULT:
            return f"fault: {self._reason}; put it right and resume"
        if self._stopped or self._stop_request is not None:
            return f"{self._reason if self._stopped else self._stop_request}; resume first"
        if not self._armed:
            return "disarmed: arm first"
        return "" if self._monitor.reading is not None else "the arm cannot be read"

    def _take_commands(self, now: float, stamp: float) -> None:
        while self._inbox:
            command = self._inbox.popleft()
            problem = self._unready() or ("a move is under way" if self._mode == Mode.MOVING else "")
            problem = problem or safety.refusal(command, stamp, self._last_sequence, self._limits)
            if not problem:
                problem = self._accept(command, now)
            if problem:
                self._reports.append(refused(command, problem, self._gripper, stamp))

    def _accept(self, command: Command, now: float) -> str:
        """Put the command on the target; why it cannot be, in words."""
        if self._mode == Mode.IDLE:
            self._capture()
        assert self._target is not None and self._monitor.pose is not None
        twist, caps = safety.cap_twist(command.twist, self._limits)
        delta = twist * command.duration_s
        if self._target.time_needed(delta, command.duration_s) > self._limits.pending_s:
            return f"commands come faster than they can be made: {self._limits.pending_s:.1f} s of motion are pending"
        self._finish("the next command came before its end")
        measured_from = self._monitor.pose if self._measured_at_report is None else self._measured_at_report
        opening, gripper_names = safety.clamp_gripper(command.gripper)
        self._running = Running(command, self._target.pose, measured_from, [*caps, *gripper_names])
        self._running.limits.extend(self._target.add(delta, command.duration_s))
        self._last_sequence, self._last_command_s = command.sequence, now
        self._enter(Mode.SERVO, "")
        self._set_gripper(opening)
        return ""

    def _advance_target(self, dt: float) -> None:
        assert self._target is not None and self._monitor.pose is not None
        names = self._target.advance(dt, self._monitor.pose)
        if self._running is not None:
            self._running.limits.extend(name for name in names if name not in self._running.limits)
        if "ik" in names or "joint_position" in names:
            problem = "no joint solution" if "ik" in names else "a joint position limit"
            self._interrupt(f"{problem} on the way to the commanded pose: holding")
            self._enter(Mode.HOLD, f"{problem} on the way to the commanded pose")
        elif self._target.remaining_s <= 0.0:
            self._finish("")

    def _advance_move(self, now: float, dt: float) -> None:
        assert self._moving is not None and self._target is not None and self._monitor.reading is not None
        moving, measured = self._moving, self._monitor.reading.positions_rad
        moving.elapsed_s += dt
        self._target = Target(moving.ramp.at(moving.elapsed_s), self._limits)
        lag = np.abs(self._target.joints - measured)
        worst = int(np.argmax(lag))
        if lag[worst] > self._limits.move_lag_rad:
            self._capture()
            self._end_move(now, f"blocked: {kinematics.JOINT_NAMES[worst]} is {lag[worst]:.2f} rad behind; free it")
        elif moving.elapsed_s >= moving.ramp.duration_s and lag[worst] <= joint_motion.SETTLED_RAD:
            self._end_move(now, "")
        elif moving.elapsed_s >= moving.ramp.duration_s + joint_motion.SETTLE_S:
            self._end_move(now, f"ended with {kinematics.JOINT_NAMES[worst]} {lag[worst]:.3f} rad short of its goal")

    def _end_move(self, now: float, problem: str) -> None:
        assert self._moving is not None
        self._moving.move.end(not problem, problem)
        self._moving, self._last_command_s = None, now
        self._enter(Mode.HOLD, problem or "move ended")

    def _watch_silence(self, now: float) -> None:
        silence = now - self._last_command_s + 1e-9
        if self._mode == Mode.SERVO and silence >= self._limits.hold_after_s:
            reason = f"no command for {self._limits.hold_after_s:g} s"
            self._interrupt(reason)
            self._enter(Mode.HOLD, reason)
        elif self._mode == Mode.HOLD and not self._stopped and silence >= self._limits.idle_after_s:
            self._enter(Mode.IDLE, f"no command for {self._limits.idle_after_s:g} s")

    def _set_gripper(self, opening: float) -> None:
        if opening != self._gripper and self._drive(lambda: self._arm.set_gripper(opening)):
            self._gripper = opening

    def _send(self) -> None:
        if self._armed and self._target is not None and self._monitor.reading is not None and self._mode != Mode.IDLE:
            joints = self._target.joints
            self._drive(lambda: self._arm.send_joints(joints, PERIOD_S))

    def _drive(self, call: Callable[[], None]) -> bool:
        """Make a call that drives the arm; whatever the driver raises is a fault. Whether it was made."""
        try:
            call()
        except Exception as error:
            if self._mode != Mode.FAULT:
                self._fault(f"the arm cannot be driven: {error}")
            return False
        return True

    def _finish(self, reason: str) -> None:
        """Report the command under way as ended."""
        running, self._running = self._running, None
        if running is None or self._target is None:
            return
        end = running.measured_from if self._monitor.pose is None else self._monitor.pose
        self._measured_at_report = end
        reading = self._monitor.reading
        grippers = (self._gripper, None if reading is None else reading.gripper)
        self._reports.append(running.report(reason, self._target.pose, end, grippers, self._stamp_clock()))

    def _status(self, problem: str) -> ServoStatus:
        target = self._target
        return ServoStatus(
            self._mode,
            self._armed,
            self._stopped,
            f"{self._reason}; {problem}" if problem else self._reason,
            self._monitor.reading,
            self._monitor.pose,
            None if target is None else target.pose,
            None if target is None else target.joints,
            self._gripper,
        )
