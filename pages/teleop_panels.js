// Panels that hang in the room: pictures and text as textures on rectangles, in bare WebGL.
const VERTEX = `#version 300 es
uniform mat4 project, view, model; in vec2 corner; out vec2 at;
void main() { at = vec2(corner.x + 0.5, 0.5 - corner.y); gl_Position = project * view * model * vec4(corner, 0.0, 1.0); }`;
const FRAGMENT = `#version 300 es
precision mediump float; uniform sampler2D picture; in vec2 at; out vec4 colour;
void main() { colour = texture(picture, at); }`;
const CORNERS = new Float32Array([-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5]);

export class Panels {
  constructor(gl) {
    this.gl = gl;
    this.program = linked(gl);
    this.uniforms = Object.fromEntries(["project", "view", "model"].map((name) => [name, gl.getUniformLocation(this.program, name)]));
    this.vertices = gl.createVertexArray();
    gl.bindVertexArray(this.vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, CORNERS, gl.STATIC_DRAW);
    const corner = gl.getAttribLocation(this.program, "corner");
    gl.enableVertexAttribArray(corner);
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
    this.panels = new Map();
  }

  // A panel by its name: `width` and `height` [m], its centre `right` and `up` of the point that all face.
  place(name, { right, up, width, height }) {
    const panel = this.panels.get(name) || { texture: null };
    this.panels.set(name, Object.assign(panel, { right, up, width, height }));
  }

  remove(name) {
    const panel = this.panels.get(name);
    if (panel && panel.texture) this.gl.deleteTexture(panel.texture);
    this.panels.delete(name);
  }

  // Where the panels hang: `ahead` [m] of a head at `position`, which looks along `yaw` [rad] (0: -z, to the left positive).
  hang(position, yaw, ahead) {
    this.frame = { position, sin: Math.sin(yaw), cos: Math.cos(yaw), ahead };
  }

  // What a panel shows from now on: a canvas or a bitmap.
  paint(name, image) {
    const gl = this.gl, panel = this.panels.get(name);
    if (!panel) return;
    panel.texture = panel.texture || texture(gl);
    gl.bindTexture(gl.TEXTURE_2D, panel.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
  }

  draw(view) {
    const gl = this.gl;
    gl.useProgram(this.program);
    gl.bindVertexArray(this.vertices);
    gl.uniformMatrix4fv(this.uniforms.project, false, view.projectionMatrix);
    gl.uniformMatrix4fv(this.uniforms.view, false, view.transform.inverse.matrix);
    for (const panel of this.panels.values()) {
      if (!panel.texture) continue;
      gl.bindTexture(gl.TEXTURE_2D, panel.texture);
      gl.uniformMatrix4fv(this.uniforms.model, false, this.model(panel));
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  model({ right, up, width, height }) {
    const { position, sin, cos, ahead } = this.frame;
    return new Float32Array([
      width * cos, 0, -width * sin, 0,
      0, height, 0, 0,
      sin, 0, cos, 0,
      position.x + right * cos - ahead * sin, position.y + up, position.z - right * sin - ahead * cos, 1,
    ]);
  }
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`no panels: ${gl.getProgramInfoLog(program)}`);
  return program;
}

function texture(gl) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ]) gl.texParameteri(gl.TEXTURE_2D, name, value);
  return made;
}
