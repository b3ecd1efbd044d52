import { Box, Group, Text, Title } from "@mantine/core";
import { type CSSProperties, type ReactNode, useId } from "react";

interface PanelProps {
  title?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** Without it the content has the usual padding. */
  flush?: boolean;
  style?: CSSProperties;
}

/** A card with a title of its own. */
export function Panel({ title, about, actions, children, flush = false, style }: PanelProps) {
  const id = useId();
  return (
    <section className="panel" {...(title ? { "aria-labelledby": id } : {})} style={{ minWidth: 0, ...style }}>
      {(title || actions) && (
        <Group justify="space-between" px="md" pt="sm" pb={4} gap="xs">
          <div>
            {title && (
              <Title order={2} id={id}>
                {title}
              </Title>
            )}
            {about && (
              <Text size="xs" className="soft">
                {about}
              </Text>
            )}
          </div>
          {actions && <Group gap={6}>{actions}</Group>}
        </Group>
      )}
      <Box
        {...(flush ? { className: "flush" } : {})}
        p={flush ? 0 : "md"}
        pt={flush || title ? 4 : "md"}
        {...(flush ? { className: "flush" } : {})}
      >
        {children}
      </Box>
    </section>
  );
}
