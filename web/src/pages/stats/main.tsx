import { messages } from '../../i18n/language';
import { Site } from '../../shell/site';
import { startPage } from '../../shell/start';

const text = messages({ title: 'Statistics' }, { title: '统计' });

function Page() {
  return <Site page="stats"><h1>{text().title}</h1></Site>;
}

startPage(<Page />, () => `${text().title} · edgepool`);
