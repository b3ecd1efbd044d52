import { Box, Tabs } from "@mantine/core";
import { texts } from "@/texts";
import { Copy } from "./Copy";

/** Code to copy. `label` says what it is. Long lines scroll inside. */
export function Snippet({ code, label }: { code: string; label: string }) {
  return (
    <Box pos="relative" style={{ borderRadius: 8, background: "light-dark(#f1f4f7, #11151a)" }}>
      <Box
        component="pre"
        role="region"
        tabIndex={0}
        aria-label={label}
        style={{
          margin: 0,
          padding: "12px 44px 12px 14px",
          overflowX: "auto",
          fontFamily: "var(--mantine-font-family-monospace)",
          fontSize: 12.5,
          lineHeight: 1.6,
        }}
      >
        {code}
      </Box>
      <Box pos="absolute" top={4} right={4} style={{ borderRadius: 6, background: "light-dark(#f1f4f7, #11151a)" }}>
        <Copy text={code} label={label} />
      </Box>
    </Box>
  );
}

/** The same in several languages; the chosen one is shown. */
export function Snippets({ of, label }: { of: readonly { name: string; code: string }[]; label: string }) {
  return (
    <Tabs defaultValue={of[0]?.name ?? ""} aria-label={label}>
      <Tabs.List mb="xs">
        {of.map(({ name }) => (
          <Tabs.Tab key={name} value={name}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {of.map(({ name, code }) => (
        <Tabs.Panel key={name} value={name}>
          <Snippet code={code} label={`${label} · ${name} · ${texts.shell.copy}`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
