import { messages } from '../../i18n/language';
import { Site } from '../../shell/site';
import { startPage } from '../../shell/start';

const text = messages({ title: 'Dashboard' }, { title: '管理后台' });

function Page() {
  return <Site page="home"><h1>{text().title}</h1></Site>;
}

startPage(<Page />, () => `${text().title} · edgepool`);
