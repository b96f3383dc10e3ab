// A JsSIP phone without sound: node phone.js WSS-URI SIP-URI PASSWORD [message TARGET]
// Registers, then sends what it is asked to, or waits. Tells what happens, a word first, a line each.
'use strict';
globalThis.WebSocket = require('ws');
const JsSIP = require('jssip');

const [socketUri, uri, password, action, target] = process.argv.slice(2);
const phone = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(socketUri)], uri, password, register: true, session_timers: false });
const tell = (...words) => console.log(words.join(' '));

phone.on('connected', () => tell('connected'));
phone.on('disconnected', () => tell('disconnected'));
phone.on('registrationFailed', event => tell('registration failed', event.cause));
phone.on('unregistered', () => { tell('unregistered'); phone.stop(); });
phone.on('newMessage', ({ originator, message, request }) => {
  if (originator !== 'remote') return;
  message.accept();
  tell('message', request.body);
});
phone.on('registered', () => {
  tell('registered');
  if (action !== 'message') return;
  phone.sendMessage(target, 'Grüße aus dem Netz', {
    contentType: 'text/plain;charset=UTF-8',
    eventHandlers: { succeeded: ({ response }) => tell('succeeded', response.status_code), failed: ({ cause }) => tell('failed', cause) },
  });
});
process.on('SIGINT', () => phone.unregister());
phone.start();
