// The strip of text beneath the cameras in the headset: recording light, counter, task, what the hand does, latency.
import { asks, counter, headline, latency, stage } from "/static/teleop_words.js";

export const STRIP = { width: 1024, height: 376 };
const NUMBERS_MS = 500;
const GROUND = "rgb(20 22 26 / 92%)", INK = "#f0f1ee", FAINT = "#a4abb3";
const COLOURS = { engaged: "#4fb06d", holding: "#d9b43a", ready: "#78aede", lost: "#ff5a5f" };
const LIGHTS = { recording: "#ff2d34", reviewing: "#d9b43a", recovering: "#d9b43a" };

export class Strip {
  constructor() {
    this.canvas = Object.assign(document.createElement("canvas"), STRIP);
    this.drawn = "";
    this.drawnMs = 0;
  }

  // Draws it anew where it would say something else, numbers alone twice a second; whether it did.
  draw(state, lost, wayMs) {
    const [says, todo] = headline(state, lost), recording = state && state.recording;
    const buttons = asks(recording).map(([, name, button]) => `${button} ${name.toLowerCase()}`).join(" · ");
    const words = [says, todo, stage(recording), counter(recording), (recording && recording.instruction) || "", (recording && recording.says) || "", buttons, latency(state, wayMs)];
    const hand = lost ? "lost" : (state && state.hand && state.hand.state) || "";
    const key = JSON.stringify([hand, says, recording && recording.stage, counter(recording), buttons]), now = performance.now();
    if (key === this.drawn && now - this.drawnMs < NUMBERS_MS) return false;
    [this.drawn, this.drawnMs] = [key, now];
    this.write(words, COLOURS[hand] || INK, LIGHTS[recording && recording.stage] || "#4a5058");
    return true;
  }

  write([says, todo, stageText, count, task, hint, buttons, late], colour, light) {
    const draw = this.canvas.getContext("2d"), { width, height } = STRIP;
    draw.clearRect(0, 0, width, height);
    draw.fillStyle = GROUND;
    draw.beginPath(); draw.roundRect(0, 0, width, height, 24); draw.fill();
    draw.fillStyle = light;
    draw.beginPath(); draw.arc(48, 50, 22, 0, 2 * Math.PI); draw.fill();
    const text = (words, x, y, size, fill, align, most) => {
      draw.font = `600 ${size}px system-ui, sans-serif`; draw.fillStyle = fill; draw.textAlign = align;
      draw.fillText(words, x, y, most);
    };
    text(stageText, 88, 64, 40, INK, "left", 520);
    text(count, width - 28, 66, 52, INK, "right", 360);
    text(task, 28, 120, 36, INK, "left", width - 56);
    text(says, 28, 176, 42, colour, "left", width - 56);
    text(todo, 28, 218, 28, FAINT, "left", width - 56);
    text(hint, 28, 264, 30, INK, "left", width - 56);
    text(buttons, 28, 308, 30, "#78aede", "left", width - 56);
    text(late, 28, 352, 26, FAINT, "left", width - 56);
  }
}

const film = document.createElement("canvas");

// A picture of the film, told apart from what the cameras see now.
export function framed(bitmap) {
  const draw = film.getContext("2d"), size = Math.round(bitmap.height / 12), edge = Math.ceil(bitmap.height / 80);
  if (film.width !== bitmap.width || film.height !== bitmap.height) Object.assign(film, { width: bitmap.width, height: bitmap.height });
  draw.drawImage(bitmap, 0, 0);
  draw.strokeStyle = LIGHTS.reviewing; draw.lineWidth = 2 * edge;
  draw.strokeRect(0, 0, film.width, film.height);
  draw.font = `700 ${size}px system-ui, sans-serif`;
  draw.fillStyle = GROUND; draw.fillRect(edge, edge, draw.measureText("replay").width + size, 1.5 * size);
  draw.fillStyle = LIGHTS.reviewing; draw.fillText("replay", edge + size / 2, edge + 1.1 * size);
  return film;
}
