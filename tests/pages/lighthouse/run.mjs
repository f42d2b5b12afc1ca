// Lighthouse on the main pages: 95 or more in each of the four groups.  npm run lighthouse, one folder up
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lighthouse from "lighthouse";
import { stand } from "../stand.mjs";

const LEAST = 95;
const GROUPS = ["performance", "accessibility", "best-practices", "seo"];
const PAGES = ["/en/services", "/be/services/200.12.14.1", "/be/sign-in", "/ru/register", "/en/help", "/en/developers"];

const port = await new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
const profile = mkdtempSync(join(tmpdir(), "nais-lighthouse-"));
const running = await stand();
const chrome = spawn(process.env.CHROMIUM ?? "/usr/bin/chromium", ["--headless=new", "--no-sandbox", "--disable-gpu", `--remote-debugging-port=${port}`,
  `--user-data-dir=${profile}`, "about:blank"], { stdio: "ignore" });
let failed = 0;
try {
  for (let tries = 0; ; tries += 1) {
    if (await fetch(`http://127.0.0.1:${port}/json/version`).then(({ ok }) => ok, () => false)) break;
    if (tries > 100) throw new Error("the browser does not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  console.log(`| page | ${GROUPS.join(" | ")} |\n|---|${"---|".repeat(GROUPS.length)}`);
  for (const path of PAGES) {
    const { lhr } = await lighthouse(running.base + path, { port, output: "json", logLevel: "error", onlyCategories: GROUPS });
    const scores = GROUPS.map((group) => Math.round((lhr.categories[group].score ?? 0) * 100));
    console.log(`| ${path} | ${scores.join(" | ")} |`);
    for (const [at, group] of GROUPS.entries()) {
      if (scores[at] >= LEAST) continue;
      failed += 1;
      for (const { id, weight } of lhr.categories[group].auditRefs) {
        const audit = lhr.audits[id];
        if (weight > 0 && audit.score !== null && audit.score < 0.9) console.error(`${path}: ${group}: ${id}: ${audit.title} ${audit.displayValue ?? ""}`);
      }
    }
  }
} finally {
  chrome.kill();
  await running.stop();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
process.exit(failed ? 1 : 0);
