// An error the kernel answered, with its errno: what was asked, the symbol (EEXIST) and the kernel's words for it.
import { getSystemErrorMap } from 'node:util';

export class KernelError extends Error {
  constructor(
    /** What was asked, in words: "add address 10.0.0.1/32 to dpdk1.kni". */
    readonly operation: string,
    /** The symbol, e.g. `EEXIST`; `ETIMEDOUT` when the kernel did not answer. */
    readonly code: string,
    readonly errno: number,
    text: string,
  ) {
    super(`${operation}: ${code} (${text})`);
    this.name = 'KernelError';
  }

  /** @param errno positive, as in errno.h */
  static fromErrno(operation: string, errno: number): KernelError {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
    return new KernelError(operation, code, errno, text);
  }
}

/** Whether the kernel refused with one of these symbols. */
export function isKernelError(error: unknown, ...codes: string[]): error is KernelError {
  return error instanceof KernelError && (codes.length === 0 || codes.includes(error.code));
}
