/** The one stylesheet, sent inside each page and named in the content security policy by its hash. */
export const STYLE = `
:root{color-scheme:light dark;
--paper:#faf9f6;--card:#fff;--ink:#1d1c1a;--soft:#5f5b54;--rule:#e3dfd6;--faint:#f2efe9;--link:#1f4f8f;
--critical:#a61b12;--critical-bg:#fbeae7;--warning:#7a4b00;--warning-bg:#fbf1dc;--info:#1c4f86;--info-bg:#e8f0f9;--good:#24612f;--good-bg:#e7f3e8}
@media (prefers-color-scheme:dark){:root{
--paper:#141518;--card:#1b1d21;--ink:#e8e6e1;--soft:#a5a199;--rule:#2e3137;--faint:#212429;--link:#8fbcf2;
--critical:#ff9a8c;--critical-bg:#3a1c19;--warning:#f2c26b;--warning-bg:#352911;--info:#93c0f3;--info-bg:#182a3e;--good:#93d39e;--good-bg:#16301b}}
*{box-sizing:border-box}
html{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font-variant-numeric:tabular-nums}
a{color:var(--link);text-underline-offset:.18em;text-decoration-thickness:1px}
a:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-999em}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.3rem .6rem}
header.top{border-bottom:1px solid var(--rule);background:var(--card)}
header.top>div,main,footer>div{max-width:76rem;margin:0 auto;padding:0 1.5rem}
header.top>div{display:flex;flex-wrap:wrap;align-items:center;gap:.2rem 1.6rem;min-height:3.2rem}
.brand{display:flex;align-items:center;gap:.55rem;font-weight:650;font-size:1.05rem;color:var(--ink);text-decoration:none;letter-spacing:.01em}
.brand svg{width:1.35rem;height:1.35rem}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}nav a{color:var(--soft);text-decoration:none;padding:.35rem 0}
nav a:hover{color:var(--ink)}nav a[aria-current]{color:var(--ink);box-shadow:inset 0 -2px 0 var(--ink)}
.clock{margin-left:auto;color:var(--soft);font-size:.87rem}
main{padding-top:1.8rem;padding-bottom:3rem}
h1{font-size:1.75rem;line-height:1.22;font-weight:650;letter-spacing:-.012em;margin:.1rem 0 .5rem;text-wrap:balance}
h2{font-size:1.05rem;font-weight:650;margin:2.4rem 0 .6rem}
h3{font-size:1rem;font-weight:650;margin:1.4rem 0 .3rem}
p{margin:.4rem 0;max-width:46rem}.lead{font-size:1.05rem;color:var(--soft);max-width:none}.lead strong{color:var(--ink);font-weight:600}
.soft{color:var(--soft)}.small{font-size:.87rem}
code,.mono,pre{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.87em}
pre{background:var(--faint);border:1px solid var(--rule);border-radius:6px;padding:.8rem 1rem;overflow-x:auto;line-height:1.45}
bdi,.mono{overflow-wrap:anywhere}.cut{color:var(--soft)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:.94rem}
caption{text-align:left;padding:.7rem 1rem .1rem;color:var(--soft);font-size:.87rem;caption-side:top}
th,td{text-align:left;vertical-align:top;padding:.5rem 1rem;border-top:1px solid var(--rule)}
thead th{border-top:0;font-size:.8rem;font-weight:600;color:var(--soft);white-space:nowrap}
tbody th{font-weight:500}td.n,th.n{text-align:right;white-space:nowrap}td.t{white-space:nowrap}td.keep{min-width:8.5rem}
tbody tr:hover{background:var(--faint)}
td p{margin:.1rem 0 0}.stack th[scope=row]{width:41%}
.badge{display:inline-block;white-space:nowrap;font-size:.8rem;font-weight:600;line-height:1.3;padding:.14rem .55rem;border-radius:99px;background:var(--faint);color:var(--soft)}
.critical{background:var(--critical-bg);color:var(--critical)}.warning{background:var(--warning-bg);color:var(--warning)}
.info{background:var(--info-bg);color:var(--info)}.good{background:var(--good-bg);color:var(--good)}
.needs{list-style:none;margin:.9rem 0 0;padding:0}.needs>li{padding:.3rem 0}.needs ul{margin:.1rem 0;padding-left:1.2rem}
.note{border-radius:8px;padding:.7rem 1rem;margin:.6rem 0;max-width:none}.note p{max-width:60rem}.note ul{margin:.2rem 0;padding-left:1.2rem}
.note.plain{background:var(--card);border:1px solid var(--rule)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1px;margin:1.4rem 0 0;padding:0;background:var(--rule);border:1px solid var(--rule);border-radius:8px;overflow:hidden}
.facts div{background:var(--card);padding:.7rem 1rem}.facts dt{color:var(--soft);font-size:.84rem}.facts dd{margin:0;font-size:1.02rem;overflow-wrap:anywhere}
.facts dd.small{font-size:.87rem}.facts dd.big{font-size:1.5rem;font-weight:600;line-height:1.25}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:1px;margin:1.1rem 0;background:var(--rule);border:1px solid var(--rule);border-radius:8px;overflow:hidden}
.pair>div{background:var(--card);padding:.9rem 1.1rem}.pair h2{margin:0 0 .2rem;font-size:.84rem;font-weight:600;color:var(--soft)}
.pair p{font-size:1.15rem;line-height:1.4;margin:0;overflow-wrap:anywhere}.pair .edge-critical{box-shadow:inset 3px 0 0 var(--critical)}.pair .edge-warning{box-shadow:inset 3px 0 0 var(--warning)}.pair .edge-info{box-shadow:inset 3px 0 0 var(--info)}
.first{border-left:3px solid var(--link);background:var(--card);padding:.7rem 1.1rem;margin:1.1rem 0;border-radius:0 8px 8px 0}
.first h2{margin:0 0 .15rem}.first p{font-size:1.05rem;margin:.1rem 0}
.cols{display:grid;grid-template-columns:1fr 1fr;gap:0 2rem}.cols>*{min-width:0}
.reason{color:var(--soft);max-width:44rem}.what{font-weight:600}
svg.bar{display:block;width:100%;min-width:6rem;height:.5rem;margin-top:.45rem}svg.bar rect{fill:var(--rule)}svg.bar .fill{fill:var(--soft)}
form.filter{display:flex;flex-wrap:wrap;gap:.7rem 1rem;align-items:end;margin:1rem 0}
form.filter label{display:grid;gap:.15rem;font-size:.84rem;color:var(--soft)}
input,select,button{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:.38rem .6rem}
input{min-width:19rem}button{cursor:pointer;font-weight:600}
ul.plain{list-style:none;padding:0;margin:.4rem 0}ul.plain li{padding:.15rem 0}
.prose{max-width:46rem}.prose table{background:var(--card)}
footer{border-top:1px solid var(--rule);color:var(--soft);font-size:.87rem;padding:1rem 0 2rem}footer a{color:var(--soft)}
@media (max-width:52rem){.scroll table{min-width:34rem}.scroll table.stack{min-width:0}.stack thead{position:absolute;left:-999em}.stack,.stack tbody,.stack tr,.stack th,.stack td,.stack caption{display:block}.stack tr{border-top:1px solid var(--rule);padding:.5rem 0}.stack tbody th,.stack tbody td{border:0;width:auto!important;padding:.15rem .7rem}.cols,.pair{grid-template-columns:1fr}h1{font-size:1.4rem}header.top>div,main,footer>div{padding-left:1rem;padding-right:1rem}th,td{padding:.45rem .7rem}input{min-width:0;width:100%}.clock{margin-left:0}}
@media print{header.top,footer,form{display:none}.scroll{border:0}}
`;
