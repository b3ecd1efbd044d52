/** Sharing by a link: whoever has it sees the dashboard and its numbers, signed in or not. */
import { Button, Code, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { Confirm } from "@/parts/Confirm";
import { Copy } from "@/parts/Copy";
import { tellFailure } from "@/parts/tell";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import type { Dashboard } from "./dashboards";

const { share } = dashboards;

interface ShareProps {
  dashboard: Dashboard;
  opened: boolean;
  onClose: () => void;
  /** It was shared, or is no more. */
  onChanged: () => Promise<unknown>;
}

export function Share({ dashboard, opened, onClose, onChanged }: ShareProps) {
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const path = { params: { path: { id: dashboard.id } } };
  const make = async () => {
    setBusy(true);
    try {
      await ask(api.POST("/solinth/v1/dashboards/{id}/share", path));
      await onChanged();
    } catch (failure) {
      tellFailure(failure);
    } finally {
      setBusy(false);
    }
  };
  const link = `${window.location.origin}/shared/${dashboard.share_token}`;
  return (
    <>
      <Modal
        opened={opened && !asking}
        onClose={onClose}
        title={share.title}
        closeButtonProps={{ "aria-label": texts.shell.close }}
      >
        <Stack>
          <Text size="sm">{dashboard.share_token ? share.isShared : share.about}</Text>
          {dashboard.share_token ? (
            <>
              <Code block style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
                {link}
              </Code>
              <Group justify="space-between" gap="xs">
                <Button variant="subtle" color="red.8" onClick={() => setAsking(true)}>
                  {share.revoke}
                </Button>
                <Group gap="xs">
                  <Button variant="default" size="xs" component="a" href={link} target="_blank" rel="noreferrer">
                    {share.open}
                  </Button>
                  <Copy text={link} label={share.copy} named />
                </Group>
              </Group>
            </>
          ) : (
            <Group justify="flex-end">
              <Button loading={busy} onClick={() => void make()}>
                {share.make}
              </Button>
            </Group>
          )}
        </Stack>
      </Modal>
      <Confirm
        opened={opened && asking}
        onClose={() => setAsking(false)}
        title={share.revoke}
        action={share.revokeAction}
        onConfirm={async () => {
          await ask(api.DELETE("/solinth/v1/dashboards/{id}/share", path));
          await onChanged();
        }}
      >
        {share.revokeAbout}
      </Confirm>
    </>
  );
}
