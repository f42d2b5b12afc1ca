// How fast the pages are: the median of each on one connection that is kept, and page views a second.  npm run speed
import { Agent, request } from "node:http";
import { office } from "./office.mjs";
import { entered, stand } from "./stand.mjs";
import { SERVICE, somebody } from "./walk.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 200);
const SECONDS = Number(process.env.SECONDS ?? 5);
const AT_ONCE = 16;

const running = await stand();
try {
  const who = somebody();
  entered(running, who);
  const me = await office(running, who);
  const cookie = [...me.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const { hostname, port } = new URL(running.base);
  /** Milliseconds until the whole page is here. */
  const view = (agent, path, signedIn) => new Promise((resolve, reject) => {
    const began = performance.now();
    const asked = request({ agent, hostname, port, path, headers: signedIn ? { cookie } : {} }, (response) => {
      if (![200, 422].includes(response.statusCode)) reject(new Error(`${path}: ${response.statusCode}`));
      response.on("data", () => {}).on("end", () => resolve(performance.now() - began));
    });
    asked.on("error", reject).end();
  });
  const quantile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const open = ["/services", "/services?q=foreigner", `/services/${SERVICE}`, "/help", "/status", "/developers", "/verify", "/sign-in", "/register"];
  console.log("| page | median ms | p99 ms |\n|---|---|---|");
  const medians = [];
  for (const path of [...open, ...me.pages.filter((path) => !open.includes(path))]) {
    const url = `/en${path}`;
    const signedIn = !open.includes(path);
    for (let round = 0; round < 20; round += 1) await view(agent, url, signedIn);
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await view(agent, url, signedIn));
    times.sort((one, other) => one - other);
    medians.push(quantile(times, 0.5));
    console.log(`| ${path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "…")} | ${quantile(times, 0.5).toFixed(2)} | ${quantile(times, 0.99).toFixed(2)} |`);
  }
  agent.destroy();
  console.log(`\nslowest median: ${Math.max(...medians).toFixed(2)} ms`);
  for (const [told, path, signedIn] of [["catalogue", "/en/services", false], ["private office", "/en/account", true]]) {
    const many = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    const until = performance.now() + SECONDS * 1000;
    let count = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (; performance.now() < until; count += 1) await view(many, path, signedIn);
    }));
    many.destroy();
    console.log(`${told}: ${Math.round(count / SECONDS)} page views/s, ${AT_ONCE} connections, load and server on one machine`);
  }
} finally {
  await running.stop();
}
