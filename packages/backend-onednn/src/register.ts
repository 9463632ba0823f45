import { registerOnednnBackend } from "./register-backend.js";

registerOnednnBackend();
