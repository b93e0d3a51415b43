"""The page of one session, of one policy or of a study of several."""

SESSION = """
{%- import "parts" as parts -%}
{% set title = s.task if s.task else s.title %}
{% if s.registration %}
{% set name = "%s: %s"|format(title, "sealed" if s.sealed else s.answer.primary.verdict) %}
{% else %}
{% set name = "%s: %d/%d"|format(title, s.successes, s.trials) %}
{% endif %}
{{- parts.head(name ~ ("" if s.complete else " (" ~ s.status ~ ")"), style) }}
<h1>{{ title }}</h1>
<p class="soft">{% if s.registration %}Blind study of {{ s.policies|length }} policies{% else %}
Scenario {{ s.scenario }}
({{ scenarios[s.scenario] }}){% endif %} &middot; {{ s.created }} &middot; session
<span class="mono">{{ s.session }}</span></p>

{% if s.registration %}
<div class="card verdict {{ "sealed" if s.sealed else s.answer.primary.verdict }}">
<b class="word">{{ "sealed" if s.sealed else s.answer.primary.verdict }}</b>
<p>{{ s.shows }}</p>
{% if not s.complete %}
<p class="open">{{ s.status }}</p>
{% endif %}
{% if not s.sealed %}
<p class="{{ "bad" if s.deviations else "good" }}">{{ "The pre-registration was not followed, so read this as an
exploration:" if s.deviations else "The pre-registration was followed." }}</p>
{% endif %}
{% if s.deviations %}<ul>{% for one in s.deviations %}<li>{{ one }}</li>{% endfor %}</ul>{% endif %}
{% if s.answer and s.answer.uncorrected %}
<p>By the verdicts as they were first given, without corrections: {{ s.answer.uncorrected.verdict }}
(p = {{ parts.number(s.answer.uncorrected.adjusted_p) }}).</p>
{% endif %}
</div>
{% else %}
<div class="card verdict">
<div class="rate"><b>{{ s.successes }}/{{ s.trials }}</b>
<span>95&#8239;% Clopper-Pearson {{ "%.2f to %.2f"|format(*s.intervals.clopper_pearson) }}<br>
<small>Wilson {{ "%.2f to %.2f"|format(*s.intervals.wilson) }}</small></span>
{% if not s.complete %}<span class="open">{{ s.status }}</span>{% endif %}</div>
<p>{{ s.shows }}</p>
{% if s.deviations %}<ul class="bad">{% for one in s.deviations %}<li>{{ one }}</li>{% endfor %}</ul>{% endif %}
</div>
{% endif %}
{% for task, text in s.criterion.items() %}
<p><span class="soft">Success{{ " (" ~ task ~ ")" if s.tasks|length > 1 }} means:</span> {{ text }}. At most
{{ "%g"|format(s.time_limit_s) }} s a trial.</p>
{% endfor %}

<h2>Success</h2>
<div class="card">{{ c.rates|safe }}
<small>Dot: share of the judged trials. Bar: Clopper-Pearson interval, ticks: Wilson interval, both 95&#8239;%.
{% if references %} Grey: the paper&rsquo;s counts for this task, on another robot.{% endif %}</small></div>
<br>{{ parts.policies(s.policies) }}

{% if s.answer %}
<h2>Comparison</h2>
<div class="card"><h3>Difference of success rates, with 95&#8239;% interval</h3>{{ c.differences|safe }}</div><br>
<h3>Primary, as registered</h3>
{{ parts.contrasts([s.answer.primary], tests, False) }}
{% if s.answer.others %}
<h3>{{ s.registration.primary[0] }} against the further baselines, adjusted together by Holm</h3>
{{ parts.contrasts(s.answer.others, tests, True) }}
{% endif %}
{% endif %}

{% if s.registration %}
{% set r = s.registration %}
<h2>Pre-registration</h2>
<div class="card"><dl>
<dt>Hypothesis</dt><dd>{{ r.hypothesis }}</dd>
<dt>Primary comparison</dt><dd>{{ r.primary[0] }} against {{ r.primary[1] }}</dd>
<dt>Trials</dt><dd>{{ r.trials_each }} of each policy</dd>
<dt>Test</dt><dd>{{ tests[r.test] }}, {{ r.alternative }}, alpha {{ r.alpha }}</dd>
<dt>Stopping rule</dt><dd>{{ r.stopping_rule }}</dd>
<dt>Minimum detectable effect</dt><dd>{% if r.detectable is none %}none: no difference from a success rate of
{{ r.base_rate }} is found with a power of .8{% else %}{{ "%.2f"|format(r.detectable) }} above a success rate of
{{ r.base_rate }}, with a power of .8 by Boschloo&rsquo;s test{% endif %}</dd>
<dt>Seal</dt><dd class="mono">{{ r.commitment }}</dd>
<dt>Opened</dt><dd>{% if s.unsealing %}{{ s.unsealing.at }} by {{ s.unsealing.who }}, {{ s.unsealing.judged }} of
{{ s.unsealing.planned }} trials judged{% if s.unsealing.reason %}: {{ s.unsealing.reason }}{% endif %}
{% else %}not yet{% endif %}</dd>
<dt>Breaks of blinding</dt><dd>{% if breaks %}<ul>
{% for one in breaks %}<li>{{ one.at }}: {{ one.detail }}</li>{% endfor %}
</ul>{% else %}none logged{% endif %}</dd>
</dl></div>
{% endif %}

{{ parts.maps(c.maps) }}
{{ parts.charts(c) }}

<h2>Latency and control rate</h2>
{% if s.timing.rate_hz %}
<p>{{ s.timing.commands }} commands in the judged trials: camera to command
{{ "%.0f"|format(s.timing.latency_p50_ms) }} ms median, {{ "%.0f"|format(s.timing.latency_p95_ms) }} ms p95,
{{ "%.0f"|format(s.timing.latency_p99_ms) }} ms p99 (robot&rsquo;s clock); control rate
{{ "%.2f"|format(s.timing.rate_hz) }} Hz on average. Limits touched commands
{{ s.timing.limited }} time{{ "" if s.timing.limited == 1 else "s" }};
{{ s.timing.refused }} command{{ " was" if s.timing.refused == 1 else "s were" }} refused.</p>
<div class="two"><div class="card"><h3>Camera to command [ms]</h3>{{ c.latencies|safe }}</div>
<div class="card"><h3>Control rate [Hz]</h3>{{ c.control|safe }}</div></div>
{% else %}
<p class="soft">Not known: no judged trial had two commands.</p>
{% endif %}

<h2>Trials</h2>
{% if grid.linked %}<p class="soft">The videos are too large to be kept in this page; they lie in the session&rsquo;s
folder.</p>{% endif %}
<div class="wide"><table class="trials"><tr>{% for head in grid.heads %}<th>{{ head }}</th>{% endfor %}</tr>
{% for row in grid.rows %}
<tr><td><strong>{{ row.head }}</strong>{% for line in row.lines %}<br><small>{{ line }}</small>{% endfor %}</td>
{% for cell in row.cells %}
<td{% if cell.record %} class="{{ "ok" if cell.record.success else "no" }}"{% endif %}>
{% if cell.record %}
<strong>{{ parts.outcome(cell.record.success) }}</strong>
{{ "%.1f s"|format(cell.record.duration_s) if cell.record.duration_s is not none }}<br>
{% else %}
<strong>not judged</strong><br>
{% endif %}
<small>trial {{ cell.trial }}{% for line in cell.lines %}; {{ line }}{% endfor %}
{%- if cell.record and cell.record.milestones %}<br>{{ cell.record.milestones|join(" &#8594; "|safe) }}{% endif %}
{%- if cell.record and cell.record.failure %}<br>{{ cell.record.failure }}{% endif %}
{%- if cell.record and cell.record.note %}<br>&ldquo;{{ cell.record.note }}&rdquo;{% endif %}
{%- if cell.record and cell.record.corrections %}<br>corrected by {{ cell.record.corrections[-1].who }}{% endif %}
{%- if cell.aborts %}<br>{{ cell.aborts }} aborted before{% endif %}
{%- if cell.link %}<br><a href="{{ cell.link }}">video</a>{% endif %}</small>
{% if cell.video %}
<video controls muted playsinline preload="metadata"{% if cell.poster %} poster="{{ cell.poster }}"{% endif %}
 src="{{ cell.video }}"></video>
{% endif %}
</td>
{% endfor %}
</tr>
{% endfor %}
</table></div>

<h2>Labels</h2>
{% if s.corrections %}
<div class="wide"><table><tr><th>trial</th><th>was</th><th>is</th><th>by</th><th>when</th><th>why</th></tr>
{% for one in s.corrections %}
<tr><td>{{ one.trial }}</td><td>{{ parts.outcome(one.was) }}</td><td>{{ parts.outcome(one.success) }}</td>
<td>{{ one.who }}</td><td>{{ one.at }}</td><td>{{ one.reason }}</td></tr>
{% endfor %}
</table></div>
{% else %}
<p class="soft">No verdict was corrected.</p>
{% endif %}
{% for one in s.agreement %}
<p>Second rater <strong>{{ one.rater }}</strong>, from the videos, without knowing the first verdict:
{{ one.words }}.
{% if one.unsealed %}<span class="open">{{ one.unsealed }} of these were given after the names were known.</span>
{% endif %}</p>
{% else %}
<p class="soft">No second rater yet (`vptr eval rate`).</p>
{% endfor %}

{{ parts.paper(s.paper, own) }}

<h2>Every attempt</h2>
<p class="soft">{{ attempts_words }}. Aborted and interrupted attempts are repeated, none is left out. The same in
<a href="trials.csv">trials.csv</a> and <a href="trials.json">trials.json</a>.</p>
{{ parts.attempts(attempts, False) }}
{% if s.events %}
<details><summary class="soft">{{ s.events|length }} events</summary><div class="wide"><table>
{% for e in s.events %}
<tr><td>{{ e.at }}</td><td>{{ e.kind }}</td><td>{{ e.detail }}</td></tr>
{% endfor %}
</table></div></details>
{% endif %}

<h2>Provenance</h2>
<div class="card"><dl><dt>plan</dt><dd class="mono">sha256 {{ s.plan_hash }}</dd>
{% for p in s.policies if p.checkpoint %}<dt>checkpoint of {{ p.name }}
{{- " (shown as " ~ p.label ~ ")" if p.label }}</dt>
<dd class="mono">{{ p.checkpoint }}</dd>{% endfor %}</dl>
{{ parts.facts(s.provenance) }}</div>
</main></body></html>
"""
