"""The style sheet of the quality page: system fonts, light or dark as the reader has it, plots in colours that
colour-blind readers tell apart (Okabe and Ito's, darkened on white and lightened on black)."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --back: #fff; --text: #1d2127; --soft: #5b6470; --line: #d9dde3; --shade: #f5f6f8;
  --s0: #0067a6; --s1: #c25700; --s2: #007f5f; --s3: #a3498a; --s4: #8a6d00; --s5: #3b3fb5; --b: #6b7280;
  --hit: #007f5f; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --text: #e7eaee; --soft: #a2abb8; --line: #363c45;
  --shade: #1d2126; --s0: #63b4f0; --s1: #f5953f; --s2: #3fc79d; --s3: #df8fc4; --s4: #e5c84a; --s5: #a3a6ff;
  --b: #9aa3b0; --hit: #3fc79d; } }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 26px; margin: 0 0 12px; } h2 { font-size: 20px; margin: 40px 0 8px; }
h3 { font-size: 16px; margin: 28px 0 4px; }
p { max-width: 76ch; margin: 6px 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 12px 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 4px 0; overflow-wrap: anywhere; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap;
  vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; } tbody th { text-align: left; font-weight: 500; }
small { color: var(--soft); font-size: 12px; } td span { display: inline-block; width: 16px;
  text-align: left; font-size: 11px; text-indent: 2px; }
td span + small { display: inline-block; min-width: 46px; text-align: left; }
details { margin: 4px 0; } summary { cursor: pointer; color: var(--soft); }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 24px; }
figure { margin: 0; min-width: 0; } figure svg { width: 100%; max-width: 640px; height: auto; display: block; }
figcaption { color: var(--soft); }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; } svg .axis { fill: var(--text); }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg polyline { fill: none; stroke-width: 1.5; opacity: .55; } svg g line { stroke-width: 1.5; }
svg .marker { stroke: var(--back); stroke-width: 1; }
.s0 { stroke: var(--s0); fill: var(--s0); } .s1 { stroke: var(--s1); fill: var(--s1); }
.s2 { stroke: var(--s2); fill: var(--s2); } .s3 { stroke: var(--s3); fill: var(--s3); }
.s4 { stroke: var(--s4); fill: var(--s4); } .s5 { stroke: var(--s5); fill: var(--s5); }
.baseline { stroke: var(--b); fill: var(--b); } .b0 polyline, .b0 line:not(.whisker) { stroke-dasharray: 6 3; }
.b1 polyline, .b1 line:not(.whisker) { stroke-dasharray: 2 3; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 22px; padding: 0; margin: 10px 0; }
.legend li { display: flex; align-items: center; gap: 7px; } .swatch { width: 28px; height: 16px; }
.example td, .example th { text-align: left; white-space: normal; } .example th { white-space: nowrap; width: 1%; }
.example table { width: 100%; } .did { background: var(--shade); }
.items { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 0; margin: 0; }
.items li { overflow-wrap: anywhere; } .items strong { color: var(--hit); }
dt { font-weight: 600; } dd { margin: 0 0 8px; max-width: 76ch; }
"""
