/** The question as code that runs as it stands, with the key in the variable STREAMGAUGE_KEY. */
import type { Parameters } from "./question";

const PATH = "/solinth/v1/metrics";

/** For a POSIX shell: nothing inside single quotes means anything, and a single quote is written outside of them. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function asCurl(origin: string, parameters: Parameters): string {
  const lines = [
    `curl -sS --fail-with-body -G ${shellQuoted(origin + PATH)}`,
    '-H "Authorization: Bearer $STREAMGAUGE_KEY"',
    ...parameters.map(([name, value]) => `--data-urlencode ${shellQuoted(`${name}=${value}`)}`),
  ];
  return lines.join(" \\\n  ");
}

/** A JSON string is a Python string and a JavaScript string of the same text. */
const literal = (text: string) => JSON.stringify(text);

export function asPython(origin: string, parameters: Parameters): string {
  return `import os
import urllib.parse
import urllib.request

parameters = [
${parameters.map(([name, value]) => `    (${literal(name)}, ${literal(value)}),`).join("\n")}
]
request = urllib.request.Request(
    ${literal(`${origin}${PATH}?`)} + urllib.parse.urlencode(parameters),
    headers={"Authorization": "Bearer " + os.environ["STREAMGAUGE_KEY"]},
)
with urllib.request.urlopen(request) as answer:
    print(answer.read().decode())
`;
}

export function asJavaScript(origin: string, parameters: Parameters): string {
  return `const parameters = new URLSearchParams([
${parameters.map(([name, value]) => `  [${literal(name)}, ${literal(value)}],`).join("\n")}
]);
fetch(${literal(`${origin}${PATH}?`)} + parameters, {
  headers: { Authorization: \`Bearer \${process.env.STREAMGAUGE_KEY}\` },
})
  .then((answer) => answer.text())
  .then(console.log);
`;
}
