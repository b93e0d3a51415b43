"""The page of a comparison over many sessions."""

COMPARISON = """
{%- import "parts" as parts -%}
{{- parts.head("comparison of %d policies over %d sessions"|format(f.policies|length, f.sessions|length), style) }}
<h1>{{ f.policies|length }} {{ "policies" if f.policies|length != 1 else "policy" }} over {{ f.sessions|length }}
{{ "sessions" if f.sessions|length != 1 else "session" }}</h1>
<p class="soft">Trials of one checkpoint are taken together, from whichever session.</p>
{% if f.cautions %}
<div class="card verdict inconclusive"><b>Beware</b>
<ul>{% for one in f.cautions %}<li>{{ one }}</li>{% endfor %}</ul></div>
{% endif %}

<h2>Success</h2>
<div class="card">{{ c.rates|safe }}
<small>Dot: share of the judged trials. Bar: Clopper-Pearson interval, ticks: Wilson interval, both 95&#8239;%.
</small></div>
<br>{{ parts.policies(f.policies) }}

{% if f.comparisons %}
<h2>{{ f.comparisons[0].a }} against the others</h2>
<div class="card"><h3>Difference of success rates, with 95&#8239;% interval</h3>{{ c.differences|safe }}</div><br>
{{ parts.contrasts(f.comparisons, tests, True) }}
{% if f.detectable is not none %}
<p>With as many trials as the first two have, Boschloo&rsquo;s test finds a difference of
{{ "%.2f"|format(f.detectable) }} or more above a success rate of {{ base_rate }} with a power of .8.</p>
{% endif %}
{% endif %}

<h2>By task and scenario, beside the paper</h2>
<p class="soft">V-PTR (arXiv 2309.13041), Table 1: other robot, other scenes, so a reference and not a comparison.</p>
<div class="wide"><table class="num"><tr><th>successes</th>
{% for one in conditions.heads %}<th>{{ one.task }}<br>scenario {{ one.scenario }}</th>{% endfor %}</tr>
{% for row in conditions.rows %}
<tr><td{% if not row.own %} class="soft"{% endif %}>{{ row.name }}</td>
{% for cell in row.cells %}
<td{% if row.own %} class="own"{% endif %}>{{ "%d/%d"|format(*cell) if cell[1] else "-" }}</td>
{% endfor %}</tr>
{% endfor %}
</table></div><br>
{{ parts.tables(tables) }}

{{ parts.maps(c.maps) }}
{{ parts.charts(c) }}
{% if c.latencies %}
<h2>Latency and control rate</h2>
<div class="two"><div class="card"><h3>Camera to command [ms]</h3>{{ c.latencies|safe }}</div>
<div class="card"><h3>Control rate [Hz]</h3>{{ c.control|safe }}</div></div>
{% endif %}

<h2>Sessions</h2>
<div class="wide"><table><tr><th>session</th><th>began</th><th>what</th><th>policies</th><th>judged</th>
<th>declared</th></tr>
{% for one in f.sessions %}
<tr><td>{{ one.folder }}<br><small class="mono">{{ one.session }}</small></td><td>{{ one.created }}</td>
<td>{{ one.title }}</td>
<td>{% for p in one.policies %}{{ p.name }}<br>{% endfor %}</td><td>{{ one.judged }}/{{ one.planned }}</td>
<td>{{ ("sealed" if one.sealed else "blind study") if one.registered else "one policy" }}</td></tr>
{% endfor %}
</table></div>

<h2>Every attempt</h2>
<p class="soft">The same in <a href="trials.csv">trials.csv</a> and <a href="trials.json">trials.json</a>.</p>
{{ parts.attempts(attempts, True) }}

<h2>Provenance</h2>
{% for one in f.sessions %}
<div class="card"><h3>{{ one.folder }}</h3><dl><dt>plan</dt><dd class="mono">sha256 {{ one.plan_hash }}</dd>
{% for p in one.policies if p.checkpoint %}<dt>checkpoint of {{ p.name }}</dt><dd class="mono">{{ p.checkpoint }}</dd>
{% endfor %}</dl>{{ parts.facts(one.provenance) }}</div>
{% endfor %}
</main></body></html>
"""
