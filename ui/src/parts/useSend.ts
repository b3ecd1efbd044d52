/** Sending a form: busy while it is under way, and why it was refused. */
import { useState } from "react";

export function useSend<T>(send: (values: T) => Promise<void>): {
  busy: boolean;
  failure: unknown;
  submit: (values: T) => Promise<void>;
} {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const submit = async (values: T) => {
    setBusy(true);
    setFailure(null);
    try {
      await send(values);
    } catch (refused) {
      setFailure(refused);
    } finally {
      setBusy(false);
    }
  };
  return { busy, failure, submit };
}
