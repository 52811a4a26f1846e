// One tidy line per step on the terminal: what is being done, the newest word on it while it lasts, and how long it took.
// Runs on any Node from 18 on, with or without a terminal.
const kClearLine = '\r\x1b[2K';
const kShownAfter_ms = { live: 400, log: 3000 };

function seconds(ms) {
  return ms < 100 ? '' : `  ${(ms / 1000).toFixed(1)} s`;
}

export class Progress {
  constructor(out = process.stdout) {
    this.out = out;
    this.live = Boolean(out.isTTY);
  }

  /** Runs `work(note)` under a title; note(text) shows what it is at. The error of a failed step is thrown on. */
  async step(title, work) {
    const began_ms = Date.now();
    let shown = false;
    const show = (text) => {
      if (this.live) this.out.write(`${kClearLine}  … ${title}${text ? `: ${text}` : ''}`.slice(0, (this.out.columns ?? 100) + kClearLine.length - 1));
      else if (!shown) this.out.write(`  … ${title}\n`);
      shown = true;
    };
    const late = setTimeout(show, this.live ? kShownAfter_ms.live : kShownAfter_ms.log);
    const end = (mark) => {
      clearTimeout(late);
      this.out.write(`${this.live && shown ? kClearLine : ''}  ${mark} ${title}${seconds(Date.now() - began_ms)}\n`);
    };
    try {
      const value = await work((text) => {
        if (this.live && shown) show(text);
      });
      end('✓');
      return value;
    } catch (error) {
      end('✗');
      throw error;
    }
  }
}
