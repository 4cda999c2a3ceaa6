// What does a reader meet in these HTML pages? Opens each in Chromium and prints what it found as JSON.
//
// Usage: node audit.mjs [--screenshots FOLDER] PAGE.html...
// CHROMIUM names the browser where it is not /usr/bin/chromium.
//
// One object per page:
//   file              the page, as it was named
//   axe               broken rules: rule, impact, help, seen (colour scheme and width), nodes (element: what to mend)
//   sideways_px       by how much the page is wider than a window of 320 px, with every <details> open
//   console_errors    what the page complained about
//   foreign_requests  addresses asked for that are neither this file nor inside it
//   keyboard          stops (how many the Tab key made), unreached, unseen (focus does not show), stuck (summary
//                     that Enter does not open)
//   without_script    text and visible: lengths of the text, with and without JavaScript
//   vanishes_on_paper headings and summaries of what printing hides because a <details> is closed
//   screenshots       the pictures written
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const WIDE = { width: 1280, height: 900 };
// WCAG 2.2, 1.4.10 Reflow: 320 CSS pixels.
const NARROW = { width: 320, height: 800 };
const AXE_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const KEYS = {
  Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
  Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
};
const TABS_AT_ONCE = 100;
const BROWSER_SWITCHES = [
  '--disable-background-networking', '--disable-component-update', '--disable-gpu', '--disable-quic', '--disable-sync',
  '--no-first-run', '--no-sandbox',
];

const { values: options, positionals: files } = parseArgs({
  options: { screenshots: { type: 'string' } }, allowPositionals: true,
});
if (files.length === 0) stop('Name at least one HTML file: node audit.mjs [--screenshots FOLDER] PAGE.html...');
for (const file of files) if (!existsSync(file)) stop(`${file} does not exist.`);
if (options.screenshots) mkdirSync(options.screenshots, { recursive: true });

const { chromium, axeSource } = await packages();
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  stop(`Chromium is not at ${executablePath}. Run tools/system_packages.sh browser as root, or set CHROMIUM.`);
}

const browser = await chromium.launch({ executablePath, args: BROWSER_SWITCHES });
try {
  const pages = [];
  for (const file of files) pages.push(await audit(file));
  process.stdout.write(JSON.stringify(pages, null, 2) + '\n');
} finally {
  await browser.close();
}

async function audit(file) {
  const complaints = { console_errors: [], foreign_requests: [] };
  const withScript = await textLengths(file, true, complaints);
  const withoutScript = await textLengths(file, false, complaints);
  return {
    file,
    axe: await axeViolations(file, complaints),
    sideways_px: await sidewaysScroll(file, complaints),
    keyboard: await keyboard(file, complaints),
    without_script: {
      text: { with: withScript.text, without: withoutScript.text },
      visible: { with: withScript.visible, without: withoutScript.visible },
    },
    vanishes_on_paper: await vanishesOnPaper(file, complaints),
    screenshots: options.screenshots ? await screenshots(file, complaints) : [],
    console_errors: [...new Set(complaints.console_errors)],
    foreign_requests: [...new Set(complaints.foreign_requests)],
  };
}

// Opens the page in a browser profile of its own, gives it to `look`, and closes it.
async function visit(file, complaints, context, look) {
  const profile = await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce', ...context });
  try {
    const page = await profile.newPage();
    const address = pathToFileURL(path.resolve(file)).href;
    await page.route(/^(https?|wss?|ftp):/, (route) => route.abort());
    page.on('request', (request) => {
      if (isForeign(request.url(), address)) complaints.foreign_requests.push(request.url());
    });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.console_errors.push(message.text());
    });
    page.on('pageerror', (error) => complaints.console_errors.push(String(error)));
    await page.goto(address, { waitUntil: 'load' });
    return await look(page);
  } finally {
    await profile.close();
  }
}

function isForeign(url, address) {
  return url.split('#')[0] !== address && !/^(data|blob|about):/.test(url);
}

async function axeViolations(file, complaints) {
  const found = new Map();
  const schemes = readFileSync(file, 'utf8').includes('prefers-color-scheme') ? ['light', 'dark'] : ['light'];
  for (const colorScheme of schemes) {
    for (const viewport of [WIDE, NARROW]) {
      // Most of axe's time goes into contrast, and colours do not depend on the width.
      const rules = { 'color-contrast': { enabled: viewport === WIDE } };
      const { violations } = await visit(file, complaints, { colorScheme, viewport }, (page) => runAxe(page, rules));
      for (const { id, impact, help, nodes } of violations) {
        const violation = found.get(id) ?? { rule: id, impact, help, seen: [], nodes: {} };
        violation.seen.push(`${colorScheme}, ${viewport.width} px`);
        for (const node of nodes) violation.nodes[node.target.join(' ')] = node.failureSummary;
        found.set(id, violation);
      }
    }
  }
  return [...found.values()];
}

async function runAxe(page, rules) {
  await openAll(page);
  await page.evaluate(axeSource);
  const options = { runOnly: AXE_RULES, rules, resultTypes: ['violations'] };
  return page.evaluate((wanted) => window.axe.run(document, wanted), options);
}

async function sidewaysScroll(file, complaints) {
  return visit(file, complaints, { viewport: NARROW }, async (page) => {
    await openAll(page);
    return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  });
}

async function screenshots(file, complaints) {
  const written = [];
  for (const viewport of [WIDE, NARROW]) {
    const picture = path.join(options.screenshots, `${path.parse(file).name}-${viewport.width}.png`);
    await visit(file, complaints, { viewport }, (page) => page.screenshot({ path: picture, fullPage: true }));
    written.push(picture);
  }
  return written;
}

// Presses Tab from the top of the page to its end, then Enter twice on every summary that was met.
async function keyboard(file, complaints) {
  return visit(file, complaints, {}, async (page) => {
    await openAll(page);
    const type = await typist(page);
    const expected = await page.evaluate(rememberControls);
    await page.evaluate(`window.auditFocus = ${describeFocus}`);
    await page.evaluate(noteStops);
    // A scrolling region is a stop too, so there may be more stops than controls.
    const limit = 3 * expected.length + 100;
    const isAtEnd = () => page.evaluate(() => window.auditAtEnd);
    for (let typed = 0; typed < limit && !(await isAtEnd()); typed += TABS_AT_ONCE) {
      await type(...Array(TABS_AT_ONCE).fill('Tab'));
    }
    const stops = await page.evaluate(() => window.auditStops);
    const reached = new Set(stops.map((stop) => stop.name));
    const stuck = [];
    for (const { name } of stops.filter((stop) => stop.isSummary)) {
      if (!(await enterToggles(page, type, name))) stuck.push(name);
    }
    return {
      stops: stops.length,
      unreached: expected.filter((name) => !reached.has(name)),
      unseen: stops.filter((stop) => !stop.seen).map((stop) => stop.name),
      stuck,
    };
  });
}

// Types keys in their order, but none waits for the answer to the one before: a report has thousands of stops.
async function typist(page) {
  const session = await page.context().newCDPSession(page);
  const send = (type, key) => session.send('Input.dispatchKeyEvent', { type, ...KEYS[key] });
  return (...keys) => Promise.all(keys.flatMap((key) => [send('keyDown', key), send('keyUp', key)]));
}

async function enterToggles(page, type, name) {
  await page.evaluate(focusOn, name);
  await type('Enter', 'Enter');
  const [before, after, again] = await page.evaluate(() => window.auditOpen);
  return before !== after && before === again;
}

// Runs in the page: gives a summary the focus, and notes whether it is open now.
function focusOn(name) {
  const [summary] = [...window.auditNames].find(([, each]) => each === name);
  summary.focus();
  window.auditOpen = [summary.parentElement.open];
}

// Runs in the page: notes what has the focus after every Tab, up to the end or to what had it before, and whether the
// summary that has it is open after every Enter.
function noteStops() {
  const met = new Set();
  window.auditStops = [];
  window.auditAtEnd = false;
  addEventListener('keyup', ({ key }) => {
    if (key === 'Enter') window.auditOpen.push(document.activeElement.parentElement.open);
    if (key !== 'Tab' || window.auditAtEnd) return;
    const stop = window.auditFocus();
    window.auditAtEnd = stop === null || met.has(stop.name);
    if (window.auditAtEnd) return;
    met.add(stop.name);
    window.auditStops.push(stop);
  }, true);
}

// Runs in the page: names every control that Tab should reach, and notes how each looks without the focus.
function rememberControls() {
  const look = (element) => {
    const style = getComputedStyle(element);
    return [
      style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow, style.backgroundColor,
      style.borderColor, style.borderWidth, style.textDecoration,
    ].join('|');
  };
  const name = (element) => {
    window.auditNames ??= new Map();
    if (!window.auditNames.has(element)) {
      const words = (element.textContent || element.getAttribute('aria-label') || '').replace(/\s+/g, ' ').trim();
      const label = `${element.tagName.toLowerCase()} "${words.slice(0, 60)}" #${window.auditNames.size + 1}`;
      window.auditNames.set(element, label);
    }
    return window.auditNames.get(element);
  };
  window.auditLook = look;
  window.auditName = name;
  window.auditAtRest = new Map();
  // Every element is noted, because a scrolling region takes the focus as well.
  for (const element of document.querySelectorAll('body *')) window.auditAtRest.set(element, look(element));
  const controls = 'a[href], area[href], button, summary, input:not([type=hidden]), select, textarea, [tabindex], audio[controls], video[controls]';
  return [...document.querySelectorAll(controls)]
    .filter((element) => element.tabIndex >= 0 && !element.disabled && !element.closest('[inert]'))
    .filter((element) => element.tagName !== 'SUMMARY' || element.parentElement.tagName === 'DETAILS')
    .filter((element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }))
    .filter((element) => element.type !== 'radio' || element.checked)
    .map(name);
}

// Runs in the page: the element that has the focus, or null at the end of the page.
function describeFocus() {
  const element = document.activeElement;
  if (element === null || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element);
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const changed = window.auditAtRest.get(element) !== window.auditLook(element);
  const box = element.getBoundingClientRect();
  const onScreen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return {
    name: window.auditName(element),
    seen: onScreen && changed && (ring || style.outlineStyle === 'none'),
    isSummary: element.tagName === 'SUMMARY',
  };
}

async function textLengths(file, javaScriptEnabled, complaints) {
  return visit(file, complaints, { javaScriptEnabled }, (page) => page.evaluate(() => {
    const copy = document.body.cloneNode(true);
    for (const silent of copy.querySelectorAll('script, style, noscript, template')) silent.remove();
    const length = (text) => text.replace(/\s+/g, ' ').trim().length;
    return { text: length(copy.textContent), visible: length(document.body.innerText) };
  }));
}

async function vanishesOnPaper(file, complaints) {
  return visit(file, complaints, {}, async (page) => {
    await page.emulateMedia({ media: 'print' });
    return page.evaluate(() => [...document.querySelectorAll('details:not([open])')]
      .filter((details) => details.checkVisibility())
      .filter((details) => [...details.children].some((child) => child.tagName !== 'SUMMARY' && !child.checkVisibility()))
      .map((details) => (details.querySelector('summary')?.textContent ?? 'details').replace(/\s+/g, ' ').trim()));
  });
}

async function openAll(page) {
  await page.evaluate(() => { for (const details of document.querySelectorAll('details')) details.open = true; });
}

async function packages() {
  const load = createRequire(import.meta.url);
  try {
    return {
      chromium: load('playwright-core').chromium,
      axeSource: readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8'),
    };
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return stop('The packages of the browser tests are not installed. Run: npm ci --prefix tests/browser --ignore-scripts');
  }
}

function stop(message) {
  process.stderr.write(message + '\n');
  process.exit(2);
}
