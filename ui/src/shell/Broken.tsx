import { Button, Center, Code, Stack, Text, Title } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { texts } from "@/texts";

/** What stands there when a page throws: the rest of the application goes on. `of` resets it (the path). */
export class Broken extends Component<{ of: string; children: ReactNode }, { failure: Error | null }> {
  override state: { failure: Error | null } = { failure: null };

  static getDerivedStateFromError(failure: Error) {
    return { failure };
  }

  override componentDidUpdate(before: { of: string }) {
    if (before.of !== this.props.of && this.state.failure) this.setState({ failure: null });
  }

  override render() {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return (
      <Center mih={320} role="alert">
        <Stack align="center" gap="sm" maw={520}>
          <Title order={1}>{texts.shell.broken}</Title>
          <Text className="soft">{texts.shell.brokenHint}</Text>
          <Code block>{failure.message}</Code>
          <Button onClick={() => window.location.reload()}>{texts.shell.reload}</Button>
        </Stack>
      </Center>
    );
  }
}
