// The dashboard's entry: the sign-in, or the frame with its page; the sign-in over it when a session ends.
import { adminToken, hasEnded } from '../../api/session';
import { Toasts } from '../../design/toast';
import { startPage } from '../../shell/start';
import './dashboard.css';
import { Frame, pageNames } from './frame';
import { place } from './place';
import { SessionEnded, SignInPage } from './sign_in';

function Dashboard() {
  if (adminToken.value === null) return <SignInPage />;
  return <><Frame />{hasEnded.value && <SessionEnded />}<Toasts /></>;
}

startPage(<Dashboard />, () => `${pageNames()[place.value.page]} · edgepool`);
