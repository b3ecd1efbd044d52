/** Makes a widget or changes one: what it asks, and how the answer is shown. */
import { Button, Group, Modal, SegmentedControl, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { Builder } from "@/pages/explore/Builder";
import { missingOf } from "@/pages/explore/question";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import type { Widget, WidgetDraft, WidgetQuery } from "./dashboards";
import { draftOf, newQuestion, questionOf } from "./eventQuestion";
import { FunnelForm, newFunnel } from "./FunnelForm";
import { newSiteView, SiteForm, siteTitle } from "./SiteForm";
import { newUsage, UsageForm } from "./UsageForm";

const { editor } = dashboards;
const SOURCES = ["events", "analytics", "funnel", "usage"] as const;
type Source = (typeof SOURCES)[number];

interface WidgetEditorProps {
  /** Null: a new one. */
  widget: Widget | null;
  onClose: () => void;
  onSave: (draft: WidgetDraft) => Promise<unknown>;
}

export function WidgetEditor({ widget, onClose, onSave }: WidgetEditorProps) {
  const [source, setSource] = useState<Source>(sourceOf(widget));
  const [title, setTitle] = useState(widget?.title ?? "");
  const [question, setQuestion] = useState(() =>
    widget && sourceOf(widget) === "events" ? questionOf(widget) : newQuestion(),
  );
  const [site, setSite] = useState<WidgetQuery>(widget?.type === "analytics" ? widget.query : newSiteView);
  const [funnel, setFunnel] = useState<WidgetQuery>(widget?.type === "funnel" ? widget.query : newFunnel);
  const [usage, setUsage] = useState<WidgetQuery>(widget?.type === "usage" ? widget.query : newUsage);
  const [busy, setBusy] = useState(false);

  const draft = (): WidgetDraft => {
    const called = title.trim();
    if (source === "analytics") return { type: "analytics", title: called || siteTitle(site), query: site };
    if (source === "funnel") return { type: "funnel", title: called || editor.funnel, query: funnel };
    if (source === "usage") return { type: "usage", title: called || editor.usage, query: usage };
    const before = widget && sourceOf(widget) === "events" ? widget.query : {};
    return { title: called || question.event, ...draftOf(question, before) };
  };
  const ready =
    source === "events"
      ? missingOf(question) === null
      : source === "usage"
        ? !!usage.meter_id
        : !!(source === "funnel" ? funnel : site).website_id;
  const save = async () => {
    setBusy(true);
    await onSave(draft());
    setBusy(false);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={widget ? editor.change : editor.add}
      closeButtonProps={{ "aria-label": texts.shell.close }}
    >
      <Stack gap="md">
        <SegmentedControl
          aria-label={editor.source}
          data={SOURCES.map((value) => ({ value, label: editor.sources[value] }))}
          value={source}
          onChange={(value) => setSource(SOURCES.find((one) => one === value) ?? "events")}
          style={{ maxWidth: "100%", overflowX: "auto" }}
        />
        <TextInput
          label={editor.title}
          placeholder={editor.titlePlaceholder}
          value={title}
          maxLength={255}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        {source === "events" && (
          <Builder question={question} change={(given) => setQuestion((before) => ({ ...before, ...given }))} />
        )}
        {source === "analytics" && <SiteForm query={site} onChange={setSite} />}
        {source === "funnel" && <FunnelForm query={funnel} onChange={setFunnel} />}
        {source === "usage" && <UsageForm query={usage} onChange={setUsage} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {texts.shell.cancel}
          </Button>
          <Button loading={busy} disabled={!ready} onClick={() => void save()}>
            {widget ? texts.shell.save : editor.addAction}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function sourceOf(widget: Widget | null): Source {
  return SOURCES.find((one) => one === widget?.type) ?? "events";
}
