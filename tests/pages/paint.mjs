// When the first and the largest content is painted on a slow line: 400 ms there and back, 400 kbit/s, nothing kept.  npm run paint
import { browser, stand } from "./stand.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SLOW = { offline: false, latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8 };
const PAGES = ["/en/services", "/be/services/200.12.14.1", "/ru/sign-in", "/be/register", "/en/help", "/ru/developers"];
const FIRST_MS = 1000;

const running = await stand();
const chrome = await browser();
const median = (times) => times.sort((one, other) => one - other)[Math.floor(times.length / 2)];
let failed = 0;
try {
  console.log("| page | first paint, ms | largest, ms |\n|---|---|---|");
  for (const path of PAGES) {
    const [first, largest] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      const context = await chrome.newContext({ viewport: { width: 360, height: 740 } });
      const page = await context.newPage();
      const line = await context.newCDPSession(page);
      await line.send("Network.enable");
      await line.send("Network.emulateNetworkConditions", SLOW);
      await page.goto(running.base + path, { waitUntil: "load" });
      const [one, other] = await page.evaluate(() => new Promise((resolve) => {
        const first = performance.getEntriesByName("first-contentful-paint")[0].startTime;
        new PerformanceObserver((list) => resolve([first, list.getEntries().at(-1).startTime]))
          .observe({ type: "largest-contentful-paint", buffered: true });
      }));
      first.push(one);
      largest.push(other);
      await context.close();
    }
    const [one, other] = [median(first), median(largest)];
    if (one >= FIRST_MS) failed += 1;
    console.log(`| ${path} | ${Math.round(one)} | ${Math.round(other)} |`);
  }
} finally {
  await chrome.close();
  await running.stop();
}
process.exit(failed ? 1 : 0);
