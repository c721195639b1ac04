// Puts questions to the library jose, as a customer would who uses it instead of our programs.
import { readFileSync } from "node:fs";
import { createLocalJWKSet, flattenedVerify } from "./package/dist/webapi/index.js";

async function verifyLicense({ file, keys, license_id, now }) {
  const options = { algorithms: ["EdDSA"] };
  const found = await flattenedVerify(JSON.parse(file), createLocalJWKSet(JSON.parse(keys)), options);
  if (found.protectedHeader.typ !== "coditect-license+json") throw new Error("another type");
  const license = JSON.parse(new TextDecoder().decode(found.payload));
  if (license.license_id !== license_id) throw new Error("another license");
  if (new Date(now) >= new Date(license.valid_until)) throw new Error("expired");
  if (new Date(now) < new Date(license.issued_at)) throw new Error("not yet");
}

const answers = [];
for (const question of JSON.parse(readFileSync(0, "utf8"))) {
  answers.push(await verifyLicense(question).then(() => "", (error) => error.message || String(error)));
}
console.log(JSON.stringify(answers));
