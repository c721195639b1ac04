// Puts questions to the published TypeScript program, and prints what it says to each: nothing, or what is wrong.
import { readFileSync } from "node:fs";
import { verifyLicense } from "./recipe.mts";

const questions = JSON.parse(readFileSync(0, "utf8"));
const answers = questions.map(({ file, keys, license_id, now }) => {
  try {
    verifyLicense(file, keys, license_id, new Date(now));
    return "";
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(answers));
