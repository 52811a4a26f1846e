// Whether a process is there, whoever it belongs to: for files that name the one who holds something.
export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
