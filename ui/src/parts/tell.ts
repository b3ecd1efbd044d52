/** Short messages that come and go. */
import { notifications } from "@mantine/notifications";
import { texts } from "@/texts";

export function tell(message: string): void {
  notifications.show({ message, autoClose: 3500, closeButtonProps: { "aria-label": texts.shell.close } });
}

/** Why something was refused; stays longer. */
export function tellFailure(failure: unknown): void {
  const message = failure instanceof Error ? failure.message : String(failure);
  notifications.show({
    message,
    color: "red.8",
    autoClose: 9000,
    role: "alert",
    closeButtonProps: { "aria-label": texts.shell.close },
  });
}
