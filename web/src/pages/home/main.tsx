import { messages } from '../../i18n/language';
import { Site } from '../../shell/site';
import { startPage } from '../../shell/start';

const text = messages({ title: 'An API-key pool at the edge' }, { title: '边缘 API 密钥池' });

function Page() {
  return <Site page="home"><h1>{text().title}</h1></Site>;
}

startPage(<Page />, () => `${text().title} · edgepool`);
