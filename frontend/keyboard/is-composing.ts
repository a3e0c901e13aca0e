/**
 * Whether a key belongs to an input method: Enter that confirms a conversion must never submit. Safari
 * sends that Enter after the composition has ended, with the key code 229.
 */
export function isComposing(event: {
  isComposing?: boolean;
  keyCode?: number;
  nativeEvent?: unknown;
}): boolean {
  const native = (event.nativeEvent ?? event) as { isComposing?: boolean; keyCode?: number };
  return native.isComposing === true || native.keyCode === 229;
}
