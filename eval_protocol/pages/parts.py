"""What the pages share: head, charts of several policies, tables of comparisons, attempts and the paper's results."""

PARTS = """
{% macro head(title, style) %}
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
content="default-src 'none'; style-src 'unsafe-inline'; media-src data:; img-src data:">
<title>{{ title }}</title>
<style>{{ style|safe }}</style></head><body><main>
{% endmacro %}

{% macro outcome(success) %}
{% if success %}<span class="good">&#10003; success</span>{% else %}<span class="bad">&#10007; failure</span>{% endif %}
{% endmacro %}

{% macro key(legend) %}
{% if legend|length > 1 %}
<div class="key">{% for one in legend %}
<span><svg><line class="curve {{ one.colour }} {{ one.dash }}" x1="1" y1="5" x2="27" y2="5"/></svg>{{ one.name }}</span>
{% endfor %}</div>
{% endif %}
{% endmacro %}

{% macro policies(rows) %}
<div class="wide"><table class="num"><tr><th>policy</th><th>successes</th><th>rate</th>
<th>Clopper-Pearson 95&#8239;%</th><th>Wilson 95&#8239;%</th><th>posterior mean (95&#8239;%)</th>
<th>median time to success</th><th>aborted or interrupted attempts</th></tr>
{% for p in rows %}
<tr><td><strong>{{ p.name }}</strong></td><td>{{ p.successes }}/{{ p.trials }}</td>
<td>{{ "%.0f&#8239;%%"|safe|format(100 * p.successes / p.trials) if p.trials else "-" }}</td>
<td>{{ "%.2f to %.2f"|format(*p.intervals.clopper_pearson) }}</td>
<td>{{ "%.2f to %.2f"|format(*p.intervals.wilson) }}</td>
<td>{{ "%.2f (%.2f to %.2f)"|format(p.posterior.mean, p.posterior.low, p.posterior.high) }}</td>
<td>{{ "%.1f s"|format(p.median_time_to_success_s) if p.median_time_to_success_s is not none else "-" }}</td>
<td>{{ p.attempts.aborted + p.attempts.interrupted }}</td></tr>
{% endfor %}
</table></div>
{% endmacro %}

{% macro number(value) %}
{{- "-" if value is none else "%.3g"|format(value) -}}
{% endmacro %}

{% macro chance(value) %}
{{- "> 0.999" if value > 0.999 else "< 0.001" if value < 0.001 else "%.3f"|format(value) -}}
{% endmacro %}

{% macro contrasts(rows, tests, adjusted) %}
<p>Decided by: {{ tests[rows[0].test] }}, {{ rows[0].alternative }}, alpha {{ rows[0].alpha }}
{%- if adjusted %}, p-values adjusted by Holm{% endif %}.</p>
<div class="wide"><table class="num"><tr><th>comparison</th><th>verdict</th><th>successes</th>
<th>difference (95&#8239;%)</th>
<th>P(first is better)</th><th>Boschloo p</th><th>stratified p</th><th>McNemar p</th><th>e-value</th>
<th>{{ "p by Holm" if adjusted else "p that decides" }}</th></tr>
{% for c in rows %}
<tr><td>{{ c.a }} against {{ c.b }}</td><td class="own">{{ c.verdict }}</td>
<td>{{ c.successes_a }}/{{ c.trials_a }}<br>{{ c.successes_b }}/{{ c.trials_b }}</td>
<td>{% if c.difference is none %}-{% else %}{{ "%+.2f"|format(c.difference) }}<br>
<small>{{ "%+.2f to %+.2f"|format(c.low, c.high) }}, {{ c.interval }}</small>{% endif %}</td>
<td>{{ chance(c.probability_better) }}</td>
<td{% if c.test == "boschloo" %} class="own"{% endif %}>{{ number(c.boschloo_p) }}</td>
<td{% if c.test == "stratified" %} class="own"{% endif %}>{{ number(c.stratified_p) }}</td>
<td{% if c.test == "mcnemar" %} class="own"{% endif %}>{{ number(c.mcnemar_p) }}<br>
<small>{{ c.only_a }} : {{ c.only_b }} of {{ c.pairs }} pairs</small></td>
<td{% if c.test == "sequential" %} class="own"{% endif %}>{{ number(c.e_value) }}</td>
<td class="own">{{ number(c.adjusted_p) }}</td></tr>
{% endfor %}
</table></div>
<p class="soft">Bold: the test that decides. The others are shown so that none can be chosen afterwards. Difference:
first minus second, with Newcombe&rsquo;s interval: paired where the test that decides is of pairs and each trial
has its match, else unpaired, which takes all trials for independent. McNemar: starts that only the first, only the
second solved. P(first is better) is Bayesian, from Beta(1, 1) priors; e-value: the highest so far.</p>
{% endmacro %}

{% macro charts(c) %}
<h2>How far, how fast, how smoothly</h2>
<div class="two">
<div class="card"><h3>Milestones, share of judged trials</h3>{{ c.milestones|safe }}</div>
<div class="card"><h3>Time to success: share of trials that had succeeded by then</h3>
{{ key(c.legend) }}{{ c.times|safe }}</div>
{% for one in c.motion %}
<div class="card"><h3>{{ one.title }}</h3>
{% if one.svg %}{{ one.svg|safe }}<small>{{ one.about }}</small>
{% else %}<p class="soft">Not recorded in these trials.</p>{% endif %}</div>
{% endfor %}
</div>
{% if c.failures %}
<h2>Kinds of failure</h2>
<div class="wide"><table class="num"><tr><th>kind</th>
{% for one in c.failures.names %}<th>{{ one }}</th>{% endfor %}</tr>
{% for row in c.failures.rows %}
<tr><td>{{ row.kind }}</td>{% for count in row.counts %}<td>{{ count }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endif %}
{% endmacro %}

{% macro maps(rows) %}
<h2>Successes by start pose and placement</h2>
<div class="maps card">{% for one in rows %}<div><h3>{{ one.name }}</h3>{{ one.svg|safe }}</div>{% endfor %}</div>
{% endmacro %}

{% macro attempts(rows, several) %}
<div class="wide"><table class="attempts"><tr>{% if several %}<th>session</th>{% endif %}<th>trial</th><th>attempt</th>
<th>policy</th><th>start</th><th>began</th><th>result</th><th>run [s]</th><th>steps</th><th>video</th>
<th>reason</th></tr>
{% for a in rows %}
<tr>{% if several %}<td>{{ a.where_from }}</td>{% endif %}<td>{{ a.trial }}</td><td>{{ a.attempt }}</td>
<td>{{ a.policy }}</td>
<td>{{ a.start_pose.replace("_", " ") }}, {{ a.where }}</td><td>{{ a.started }}</td>
<td>{% if a.state == "committed" %}{{ outcome(a.success) }}{% if a.corrections %}<br><small>corrected</small>{% endif %}
{% else %}{{ a.state }}{% endif %}</td>
<td>{{ "%.1f"|format(a.duration_s) if a.duration_s is not none else "" }}</td>
<td>{{ a.steps if a.steps is not none else "" }}</td>
<td>{% if a.video %}<a href="{{ a.link }}">video</a>{% endif %}</td>
<td>{{ a.reason or a.stop }}{% if a.failure %}<br><small>{{ a.failure }}</small>{% endif %}
{%- if a.note and a.note not in a.reason %}<br><small>{{ a.note }}</small>{% endif %}</td></tr>
{% endfor %}
</table></div>
{% endmacro %}

{% macro paper(paper, own) %}
<h2>Beside the paper</h2>
<p class="soft">V-PTR (arXiv 2309.13041): other robot, other scenes, so a reference and not a comparison.</p>
{% for row in paper.here %}
<div class="wide"><table class="num"><tr><th>Table 1, scenario {{ row.scenario }}: {{ row.row }}</th>
{% for one in own[row.task ~ "/" ~ row.scenario] %}<th>{{ one.name }} (here)</th>{% endfor %}
{% for cell in row.cells %}<th>{{ cell.method }}</th>{% endfor %}</tr>
<tr><td>{{ row.task }}</td>
{% for one in own[row.task ~ "/" ~ row.scenario] %}<td class="own">{{ one.successes }}/{{ one.trials }}</td>{% endfor %}
{% for cell in row.cells %}<td>{{ cell.successes }}/{{ cell.trials }}</td>{% endfor %}</tr></table></div><br>
{% endfor %}
{{ tables(paper.tables) }}
{% endmacro %}

{% macro tables(rows) %}
<details><summary>Tables 1, 2, 3 and 5 of the paper</summary>
{% for table in rows %}
<h3><br>{{ table.table }}: {{ table.about }}</h3>
<div class="wide"><table class="num"><tr><th>of {{ table.trials }} trials</th>
{% for name in table.methods %}<th>{{ name }}</th>{% endfor %}</tr>
{% for task, counts in table.rows.items() %}
<tr><td>{{ task }}</td>{% for count in counts %}<td>{{ count }}/{{ table.trials }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% endfor %}
</details>
{% endmacro %}

{% macro facts(values) %}
<dl>
{% for name, value in values.items() %}
<dt>{{ name.replace("_", " ") }}</dt><dd class="mono">{% if value is mapping %}<pre>{{ value|tojson(indent=2) }}</pre>
{%- else %}{{ value }}{% endif %}</dd>
{% endfor %}
</dl>
{% endmacro %}
"""
