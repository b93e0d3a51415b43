"use strict";
// Line plots in SVG: one polyline a series, drawn anew whenever the data change.
const COLOURS = ["#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860", "#8c8c8c"];

function drawPlot(svg, times, series, limit, range) {
  const flat = series.flat().filter(Number.isFinite);
  const low = range ? range[0] : Math.min(0, ...flat);
  const high = range ? range[1] : Math.max(1e-6, ...flat);
  const span = high - low || 1;
  svg.setAttribute("viewBox", "0 0 100 100");
  const y = (value) => 96 - (92 * (value - low)) / span;
  const zero = low < 0 && high > 0 ? `<line x1="0" x2="100" y1="${y(0)}" y2="${y(0)}"/>` : "";
  const lines = series.map((values, index) => {
    const points = values
      .map((value, at) => (Number.isFinite(value) ? `${((100 * times[at]) / limit).toFixed(2)},${y(value).toFixed(2)}` : ""))
      .filter(Boolean);
    return `<polyline stroke="${COLOURS[index % COLOURS.length]}" points="${points.join(" ")}"/>`;
  });
  svg.innerHTML = zero + lines.join("");
}
