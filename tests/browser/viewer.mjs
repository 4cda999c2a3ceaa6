// Does the viewer show the images and save what is drawn? Opens a results folder's viewer.html in Chromium and prints
// what it found as JSON.
//
// Usage: node viewer.mjs VIEWER.html UNTOUCHED.nii.gz DRAWN.nii.gz PICTURE.png
// CHROMIUM names the browser where it is not /usr/bin/chromium. Two masks and a picture are written.
//
//   told, told_drawn  what the page says of the marked volume, before and after a stroke
//   foreign_requests  addresses asked for that are not files beside the page
//   errors            what the page complained about
import { pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

const SWITCHES = [
  '--disable-background-networking', '--disable-component-update', '--disable-quic', '--disable-sync', '--no-first-run',
  '--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist',
];
const [file, untouched, drawn, picture] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: SWITCHES });
const page = await browser.newPage({ viewport: { width: 1200, height: 1100 } });
const foreign_requests = [];
const errors = [];
const beside = pathToFileURL(file).href.replace(/[^/]*$/, '');
page.on('request', (request) => {
  const address = request.url();
  if (!address.startsWith(beside) && !/^(data|blob):/.test(address)) foreign_requests.push(address);
});
page.on('pageerror', (error) => errors.push(error.message));

await page.goto(pathToFileURL(file).href);
await page.waitForFunction(() => window.osteonViewer, undefined, { timeout: 60000 });
const told = await page.textContent('#told');
await save(untouched);

await page.getByLabel('coronal').check();
await page.getByLabel('draw', { exact: true }).check();
const canvas = await page.locator('#canvas').boundingBox();
const [x, y] = [canvas.x + canvas.width / 2, canvas.y + canvas.height / 2];
await page.mouse.move(x, y);
await page.mouse.down();
await page.mouse.move(x + 60, y + 60, { steps: 8 });
await page.mouse.up();
await page.waitForTimeout(500);
const told_drawn = await page.textContent('#told');
await save(drawn);
await page.screenshot({ path: picture });
await browser.close();
console.log(JSON.stringify({ told, told_drawn, foreign_requests, errors }));

async function save(path) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the mask' }).click()]);
  await download.saveAs(path);
}
