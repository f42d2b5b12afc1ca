// Pictures of every page, wide and 320 px: node shots.mjs DIR [LANG…]; NAIS names the program.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LANGS, PASSWORD, answers, askForAccount, browser, entered, message, onward, stand, through } from "./stand.mjs";
import { cards, consentPages } from "./office.mjs";
import { filledIn } from "./walk.mjs";

const [dir, ...wanted] = process.argv.slice(2);
if (!dir) throw new Error("usage: node shots.mjs DIR [LANG…]");
mkdirSync(dir, { recursive: true });
const file = (name, text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(`${text}\n${"x".repeat(150_000)}`) });
const running = await stand();
const chrome = await browser();
try {
  // Somebody who signs in with a card and gave a consent.
  const { asked, withCard, consent } = cards(running);
  consent();
  const { who: holder } = await withCard(asked);
  await holder.follow("/en/account");
  for (const lang of wanted.length ? wanted : LANGS) {
    for (const [name, width] of [["wide", 1100], ["narrow", 320]]) {
      const context = await chrome.newContext({ viewport: { width, height: 900 }, locale: lang });
      const page = await context.newPage();
      const shoot = (what) => page.screenshot({ path: join(dir, `${lang}-${what}-${name}.png`), fullPage: true });
      const see = async (what, path) => {
        await page.goto(`${running.base}/${lang}${path}`);
        await shoot(what);
      };
      for (const [what, path] of [["services", "/services"], ["service", "/services/200.12.14.1"],
        ["help", "/help"], ["status", "/status"], ["developers", "/developers"], ["verify", "/verify"],
        ["accessibility", "/accessibility"], ["sign-in", "/sign-in"], ["sign-in-card", "/sign-in/card"], ["register", "/register"], ["nothing", "/nothing"]]) {
        await see(what, path);
      }
      const who = { number: `C0${{ en: "F", be: "G", ru: "H" }[lang]}X0${String(width).padStart(4, "0")}`, surname: "TESTER", given: "ANNA" };
      entered(running, who);
      await page.goto(`${running.base}/${lang}/services/200.12.14.1`);
      await page.locator("main button.govuk-button--start").click();
      await onward(page).click();
      await shoot("question-errors");
      const copies = 'input[name="insurance.copies"]';
      await through(page, answers(who), async () => {
        const at = new URL(page.url()).pathname.split("/").pop();
        if (at === "insurance") {
          await page.locator(copies).setInputFiles([file("policy.pdf", "%PDF-1.4"), file("policy.docx", "PK")]);
          await onward(page).click();
          await page.locator(".govuk-error-summary").waitFor();
          await shoot("question-files");
          await page.locator(copies).setInputFiles([file("back.pdf", "%PDF-1.5")]);
        }
        await shoot(`question-${at}`);
      });
      await shoot("check-anonymous");
      await page.locator("main a.govuk-button").click();
      const address = `shots-${lang}-${width}@example.com`;
      await askForAccount(page, address);
      await shoot("sent");
      await page.goto((await message(running, address)).link);
      await shoot("link");
      await page.locator("#password").fill(PASSWORD);
      await page.locator("main form button:not([type=button])").last().click();
      await page.waitForURL(/check$/);
      await shoot("check-signed-in");
      await page.locator("main form button").last().click();
      await page.waitForLoadState();
      await shoot("result");
      const application = page.url();
      // Whoever takes several people in.
      await filledIn(page, running.base, who, { "applicant.kind": "host", "applicant.host_kind": "owner",
        "applicant.full_name": "Naidzin Jan", "applicant.number": "100000007" }, { lang });
      await page.goto(page.url().replace(/check$/, "guests"));
      await page.locator("#lines").fill("foreigner.surname_lat;foreigner.sex\nTESTER;X");
      await onward(page).click();
      await page.locator(".govuk-error-summary").waitFor();
      await shoot("guests-errors");
      await page.goto(application);
      await page.goto(`${page.url()}/print`);
      await shoot("print");
      for (const [what, path] of [["account", "/account"], ["messages", "/account/messages"], ["applications", "/account/applications"],
        ["disclosures", "/account/disclosures"], ["profile", "/account/profile"], ["documents", "/account/documents"],
        ["statements", "/account/statements"], ["sessions", "/identity/sessions"], ["two-step", "/identity/two-step"],
        ["passkeys", "/identity/passkeys"]]) {
        await see(what, path);
      }
      await consentPages(page, running.base, lang, holder, shoot);
      await context.close();
    }
  }
} finally {
  await chrome.close();
  await running.stop();
}
