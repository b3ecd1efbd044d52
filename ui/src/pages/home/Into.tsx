import { Anchor } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { Link } from "wouter";

/** The way from a panel into its room. */
export function Into({ href, name }: { href: string; name: string }) {
  return (
    <Anchor component={Link} href={href} size="sm" fw={550} style={{ display: "flex", alignItems: "center", gap: 4 }}>
      {name}
      <IconArrowRight size={14} aria-hidden />
    </Anchor>
  );
}
