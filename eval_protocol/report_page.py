"""The page of a session's report (a Jinja template): one file, light and dark, nothing fetched from elsewhere."""

STYLE = """
:root { color-scheme: light dark;
  --page: #fbfaf8; --card: #ffffff; --ink: #23211e; --soft: #6d6860; --line: #e3dfd8;
  --accent: #3d6fa5; --mark: #b4552d; --good: #2f7d4f; --good-bg: #e7f3eb; --bad: #a63d3d; --bad-bg: #f8e9e8; }
@media (prefers-color-scheme: dark) { :root {
  --page: #171614; --card: #201f1c; --ink: #e9e5de; --soft: #a39c91; --line: #3a3732;
  --accent: #7fa9d6; --mark: #e0895f; --good: #7cc79a; --good-bg: #1d3326; --bad: #e28a86; --bad-bg: #3b2222; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 24px; margin: 0 0 2px; } h2 { font-size: 17px; margin: 36px 0 10px; }
p { margin: 6px 0; } .soft { color: var(--soft); } .mono { font-family: ui-monospace, monospace; font-size: 12.5px; }
.rate { display: flex; flex-wrap: wrap; gap: 8px 28px; align-items: baseline; margin: 20px 0 6px; }
.rate b { font-size: 44px; line-height: 1.1; } .open { color: var(--mark); font-weight: 600; }
.bar { position: relative; height: 10px; border-radius: 5px; background: var(--line); margin: 10px 0 14px; }
.bar i { position: absolute; top: 0; bottom: 0; background: var(--accent); opacity: .45; border-radius: 5px; }
.bar u { position: absolute; top: -3px; bottom: -3px; width: 3px; background: var(--accent); border-radius: 2px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; background: var(--card); }
th, td { border: 1px solid var(--line); padding: 7px 10px; text-align: left; vertical-align: top; }
th { font-weight: 600; } .grid td { width: 29%; min-width: 190px; }
.grid td:first-child { width: 13%; min-width: 96px; } .num td:not(:first-child) { text-align: center; }
.good { color: var(--good); } .bad { color: var(--bad); } td.ok { background: var(--good-bg); }
td.no { background: var(--bad-bg); } video { width: 100%; display: block; margin-top: 6px; border-radius: 4px; }
.plots { display: flex; flex-wrap: wrap; gap: 20px; } .plots svg { width: 460px; max-width: 100%; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0; } dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; } pre { white-space: pre-wrap; margin: 0; } small { color: var(--soft); }
"""

PAGE = (
    """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ s.task }}: {{ s.successes }}/{{ s.trials }}{% if not s.complete %} ({{ s.status }}){% endif %}</title>
<style>"""
    + STYLE
    + """</style></head><body><main>
<h1>{{ s.task }}</h1>
<p class="soft">Scenario {{ s.scenario }} ({{ scenario }}) &middot; {{ s.created }} &middot; session
<span class="mono">{{ s.session }}</span></p>
<div class="rate"><b>{{ s.successes }}/{{ s.trials }}</b>
<span>95&#8239;% Clopper-Pearson {{ "%.2f"|format(s.intervals.clopper_pearson[0]) }} to
{{ "%.2f"|format(s.intervals.clopper_pearson[1]) }}<br>
<small>Wilson {{ "%.2f"|format(s.intervals.wilson[0]) }} to {{ "%.2f"|format(s.intervals.wilson[1]) }}</small></span>
{% if not s.complete %}
<span class="open">{{ s.status }}</span>
{% endif %}
</div>
{% set low = 100 * s.intervals.clopper_pearson[0] %}
{% set high = 100 * s.intervals.clopper_pearson[1] %}
<div class="bar"><i style="left:{{ "%.2f"|format(low) }}%;width:{{ "%.2f"|format(high - low) }}%"></i>
{% if s.trials %}
<u style="left:{{ "%.2f"|format(100 * s.successes / s.trials) }}%"></u>
{% endif %}
</div>
<p>{{ s.shows }}</p>
<p><span class="soft">Success means:</span> {{ s.criterion }}.
At most {{ "%g"|format(plan.time_limit_s) }} s a trial.</p>

<h2>Trials</h2>
<div class="wide"><table class="grid"><tr><th>start pose</th>
{% for number, words in placements %}
<th>{{ words }}</th>
{% endfor %}
</tr>
{% for pose, row in s.start_poses.items() %}
<tr><td><strong>{{ pose.replace("_", " ") }}</strong><br>{{ row.successes }}/{{ row.trials }}<br>
<small>{{ "%.2f"|format(row.clopper_pearson[0]) }} to {{ "%.2f"|format(row.clopper_pearson[1]) }}</small></td>
{% for number, _ in placements %}
{% set cell = cells[pose][number] %}
<td{% if cell.row %} class="{{ "ok" if cell.row.success else "no" }}"{% endif %}>
{% if cell.row %}
<strong class="{{ "good" if cell.row.success else "bad" }}">{{ "&#10003; success"|safe if cell.row.success else
"&#10007; failure"|safe }}</strong> {{ "%.1f"|format(cell.row.result.duration_s) }} s<br>
{% else %}
<strong>not judged</strong><br>
{% endif %}
<small>trial {{ cell.trial.number }}: {{ cell.trial.placement_words(True) }}
{%- if plan.scenario == 3 %}; {{ cell.trial.target.name }}{% endif %}
{%- if cell.trial.distractors %}; beside {{ cell.trial.distractors|map(attribute="name")|join(", ") }}{% endif %}
{%- if cell.row and cell.row.result.milestones %}<br>{{ cell.row.result.milestones|join(" &#8594; "|safe) }}{% endif %}
{%- if cell.aborts %}<br>{{ cell.aborts|length }} aborted before{% endif %}</small>
{% if cell.video %}
<video controls muted playsinline preload="metadata" src="{{ cell.video }}"></video>
{% endif %}
</td>
{% endfor %}
</tr>
{% endfor %}
</table></div>

{% if s.paper %}
<h2>Beside the paper</h2>
<p class="soft">V-PTR (arXiv 2309.13041), Table 1, scenario {{ s.scenario }}, &ldquo;{{ plan.paper_row }}&rdquo;: other
robot, other scene, so a reference and not a comparison.</p>
<div class="wide"><table class="num"><tr><th></th><th>this session</th>
{% for cell in s.paper %}
<th>{{ cell.method }}</th>
{% endfor %}
</tr><tr><td>successes</td><td><strong>{{ s.successes }}/{{ s.trials }}</strong></td>
{% for cell in s.paper %}
<td>{{ cell.successes }}/{{ cell.trials }}</td>
{% endfor %}
</tr></table></div>
{% endif %}

{% if s.timing.rate_hz %}
<h2>Latency and control rate</h2>
<p>{{ s.timing.commands }} commands in the judged trials: camera to command
{{ "%.0f"|format(s.timing.latency_p50_ms) }} ms median, {{ "%.0f"|format(s.timing.latency_p95_ms) }} ms p95,
{{ "%.0f"|format(s.timing.latency_p99_ms) }} ms p99 (robot's clock);
{{ "%.2f"|format(s.timing.rate_hz) }} Hz on average. Limits touched commands {{ s.timing.limited }} times;
{{ s.timing.refused }} commands were refused. The line marks the median.</p>
<div class="plots">{{ latency_svg|safe }}{{ rate_svg|safe }}</div>
{% endif %}

<h2>Every attempt</h2>
<p class="soft">{{ attempts }}. Aborted and interrupted attempts are repeated, none is left out.</p>
<div class="wide"><table><tr><th>trial</th><th>attempt</th><th>started</th><th>result</th><th>run [s]</th><th>steps</th>
<th>reason</th></tr>
{% for a in s.attempts %}
<tr><td>{{ a.trial }}</td><td>{{ a.attempt }}</td><td>{{ a.started }}</td>
<td>{% if a.state == "committed" %}<span class="{{ "good" if a.success else "bad" }}">
{{ "success" if a.success else "failure" }}</span>{% else %}{{ a.state }}{% endif %}</td>
<td>{{ "%.1f"|format(a.duration_s) if a.duration_s is not none else "" }}</td>
<td>{{ a.steps if a.steps is not none else "" }}</td><td>{{ a.reason or a.stop }}</td></tr>
{% endfor %}
</table></div>
{% if events %}
<details><summary class="soft">{{ events|length }} events</summary><table>
{% for e in events %}
<tr><td>{{ e.at }}</td><td>{{ e.kind }}</td><td>{{ e.detail }}</td></tr>
{% endfor %}
</table></details>
{% endif %}

<h2>Provenance</h2>
<dl>
<dt>plan</dt><dd class="mono">sha256 {{ s.plan_hash }}</dd>
{% for key, value in s.provenance.items() %}
<dt>{{ key.replace("_", " ") }}</dt><dd class="mono">{% if value is mapping %}<pre>{{ value|tojson(indent=2) }}</pre>
{%- else %}{{ value }}{% endif %}</dd>
{% endfor %}
</dl>
</main></body></html>
"""
)
