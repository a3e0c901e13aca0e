import { JoinPage } from '@/join/JoinPage';

/** `/join/?code=..` */
export default JoinPage;
